"""`torch.Generator("hpu")`: a CPU generator that says it is the device's, so that it draws a CPU run's numbers."""

from __future__ import annotations

from typing import Any

import torch

from migrator.emulator.device import HPU, check_index
from migrator.emulator.torch_private.eager import CppGenerator


class _AnyGenerator(type(CppGenerator)):  # type: ignore[misc]
    """`isinstance(g, torch.Generator)` holds for the generators of C++ as before."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, CppGenerator)


class Generator(CppGenerator, metaclass=_AnyGenerator):  # type: ignore[misc]
    """`torch.Generator`, for hpu too."""

    def __new__(cls, device: Any = "cpu") -> Any:
        """A generator of `device`."""
        wanted = torch.device(device)
        if wanted.type != "hpu":
            return CppGenerator(device)
        check_index(wanted)
        return super().__new__(cls, "cpu")

    def __init__(self, device: Any = "cpu") -> None:
        """`__new__` has chosen."""

    @property
    def device(self) -> Any:
        """Always hpu:0; those of other devices are not of this class."""
        return HPU


def install() -> None:
    """Put it where programs look for it."""
    torch.Generator = Generator
