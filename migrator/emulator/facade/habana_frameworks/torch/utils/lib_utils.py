"""Emulated: where the headers and libraries of custom operators (TPC kernels) lie. There are none.

Both folders exist, so that build scripts which name them can be read and run; a compiler or linker that looks for
something in them does not find it and says what.
"""

from __future__ import annotations

from pathlib import Path

from migrator.emulator.names.not_emulated import missing

__all__ = ["get_include_dir", "get_lib_dir"]
__getattr__ = missing(__name__)

_PACKAGE = Path(__file__).resolve().parents[1]


def get_include_dir() -> str:
    """A folder that holds no header."""
    return str(_PACKAGE / "include")


def get_lib_dir() -> str:
    """A folder that holds no library."""
    return str(_PACKAGE / "lib")
