"""`torch.autocast("cpu")` must leave the device's work alone, though CPU kernels do it.

They get CPU tensors, which torch would cast. Nothing is in the way until a program first asks for CPU autocast; from
then on each of the device's kernels runs outside of it.
"""

from __future__ import annotations

from typing import Any

import torch

from migrator.emulator.operators import overlay
from migrator.emulator.torch_private.eager import CPU_AUTOCAST_KEYS, exclude_keys

_set_enabled = torch.set_autocast_enabled


def install() -> None:
    """Watch for CPU autocast."""
    torch.set_autocast_enabled = _watched


def _watched(*arguments: Any) -> None:
    if len(arguments) == 2 and arguments[1] and torch.device(arguments[0]).type == "cpu":
        torch.set_autocast_enabled = _set_enabled
        overlay.cover("cpu autocast", _outside)
    _set_enabled(*arguments)


def _outside(_: str, kernel: overlay.Kernel) -> overlay.Kernel:
    def run(*arguments: Any, **named: Any) -> Any:
        with exclude_keys(CPU_AUTOCAST_KEYS):
            return kernel(*arguments, **named)

    return run
