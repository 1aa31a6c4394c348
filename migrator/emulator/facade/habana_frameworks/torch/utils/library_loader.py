"""Emulated: the loading of Gaudi's libraries, which importing habana_frameworks.torch has done."""

from __future__ import annotations

from migrator.emulator.names.existence import withhold

__all__ = ["is_habana_avaialble", "is_habana_available", "load_habana_module"]


def load_habana_module() -> None:
    """Nothing is left to load."""


def is_habana_available() -> bool:
    """Whether the machine has a card: an emulated one."""
    return True


is_habana_avaialble = is_habana_available  # as old releases spell it

__getattr__ = withhold(globals())
