"""Where the data files are: beside the package in a clone, inside it in a wheel, or where `MIGRATE_DATA` says."""

from __future__ import annotations

import os
from pathlib import Path

from migrator.errors import UsageError

_PACKAGE = Path(__file__).resolve().parent
_VARIABLE = "MIGRATE_DATA"


def data_root() -> Path:
    """The folder that holds patches/, upstream_pins/ and trainers/: `MIGRATE_DATA` where it is set, or the package's.

    Raises `UsageError` when the variable names no folder.
    """
    own = os.environ.get(_VARIABLE)
    if not own:
        return package_data()
    folder = Path(own).expanduser().absolute()
    if not folder.is_dir():
        raise UsageError(
            f"{_VARIABLE} is {own!r}, and there is no such folder",
            hint=f"unset {_VARIABLE}, or name a folder with patches/ and upstream_pins/ (docs/recipes.md)",
        )
    return folder


def package_data() -> Path:
    """The data that came with the package."""
    packed = _PACKAGE / "data"
    return packed if packed.is_dir() else _PACKAGE.parent


def find_data(below: str) -> Path:
    """`below` in the user's data, or in the package's where the user's has none of it."""
    own = data_root() / below
    return own if own.exists() else package_data() / below
