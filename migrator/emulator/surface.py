"""What the device offers from Python besides tensors, put in place after its operators."""

from __future__ import annotations

from migrator.emulator import accelerator, torch_hpu
from migrator.emulator.autocast import cpu, default_dtype
from migrator.emulator.counting import counts_file
from migrator.emulator.operators import recording


def install() -> None:
    """`torch.hpu`, torch's generic names, autocast's defaults, and what counts."""
    torch_hpu.install()
    accelerator.install()
    default_dtype.install()
    cpu.install()
    recording.install()
    counts_file.install()
