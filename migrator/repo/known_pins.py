"""The pins that come with this package, by the name of their recipe."""

from __future__ import annotations

import difflib
from pathlib import Path

from migrator.errors import UsageError
from migrator.repo.pin_files import read_pin
from migrator.repo.pins import AnyPin
from migrator.resources import data_root


def pins_folder() -> Path:
    """The folder of the pins that come with this package."""
    return data_root() / "upstream_pins"


def pin_names(folder: Path | None = None) -> list[str]:
    """The names of all pins, sorted."""
    return sorted(path.stem for path in (folder or pins_folder()).glob("*.toml"))


def load_pin(name: str, folder: Path | None = None) -> AnyPin:
    """Read the pin `name`; raise `UsageError`, with the names that come close, when there is none."""
    known = pin_names(folder)
    if name not in known:
        raise UsageError(f"there is no recipe {name!r}", hint=known_names(name, known))
    return read_pin((folder or pins_folder()) / f"{name}.toml")


def known_names(name: str, known: list[str]) -> str:
    """One line with the names that are known, close matches of `name` first."""
    close = difflib.get_close_matches(name, known, n=1)
    question = f"did you mean {close[0]!r}? " if close else ""
    return f"{question}known recipes: {', '.join(known) or 'none'}"
