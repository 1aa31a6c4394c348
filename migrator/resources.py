"""Where the data files are: beside the package in a clone, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_root() -> Path:
    """The folder that holds patches/, upstream_pins/ and trainers/."""
    packed = _PACKAGE / "data"
    return packed if packed.is_dir() else _PACKAGE.parent
