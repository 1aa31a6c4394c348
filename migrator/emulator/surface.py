"""What the device offers from Python besides tensors, put in place after its operators."""

from __future__ import annotations

from migrator.emulator import accelerator, autocast_dtype, counts_file, cpu_autocast, recording, torch_hpu


def install() -> None:
    """`torch.hpu`, torch's generic names, autocast's defaults, and what counts."""
    torch_hpu.install()
    accelerator.install()
    autocast_dtype.install()
    cpu_autocast.install()
    recording.install()
    counts_file.install()
