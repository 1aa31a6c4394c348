"""Strict reading of TOML: every key is expected, and every error names the file and the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from migrator.errors import UsageError
from migrator.toml_file import read_toml


class Table:
    """One TOML table that is read key by key; `finish` refuses what was not asked for."""

    def __init__(self, values: Mapping[str, object], file: Path, prefix: str = "") -> None:
        self._left = dict(values)
        self._file = file
        self._prefix = prefix
        self._asked: set[str] = set()

    def text(self, key: str, default: str | None = None, *, form: str = "", means: str = "") -> str:
        """Return a string that matches the pattern `form`, described as `means`. Without `default` it must be there."""
        value = self._take(key, default)
        if not isinstance(value, str):
            self.refuse(key, "must be a string")
        if form and value != default and not re.fullmatch(form, value):
            self.refuse(key, f"must be {means}, not {value!r}")
        return value

    def text_or_number(self, key: str, default: str) -> str:
        """Return a string, or a whole number as one."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.refuse(key, "must be a string or a whole number")
        return str(value)

    def text_or_flag(self, key: str) -> str | bool:
        """Return a string, a whole number as one, or true or false."""
        value = self._take(key, None)
        if not isinstance(value, str | int):
            self.refuse(key, "must be a string, a whole number, or true or false", hint='write 0.1 as "0.1"')
        return value if isinstance(value, bool) else str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings; none when the key is absent."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.refuse(key, "must be a list of strings")
        return tuple(value)

    def flag(self, key: str) -> bool:
        """Return true or false; false when the key is absent."""
        value = self._take(key, False)
        if not isinstance(value, bool):
            self.refuse(key, "must be true or false")
        return value

    def table(self, key: str) -> Table:
        """Return the table below `key`; an empty one when it is absent."""
        return self._below(key, self._take(key, {}))

    def tables(self, key: str) -> list[Table]:
        """Return the tables of `[[key]]`, in order."""
        value = self._take(key, [])
        if not isinstance(value, list):
            self.refuse(key, f"must be written [[{key}]]")
        return [self._below(f"{key}[{number}]", item) for number, item in enumerate(value)]

    def keys(self) -> list[str]:
        """The keys that have not been read yet."""
        return list(self._left)

    def finish(self) -> None:
        """Raise `UsageError` when a key is left that nobody asked for."""
        for key in self._left:
            self.refuse(key, "is not a known key", hint=f"known here: {', '.join(sorted(self._asked))}")

    def refuse(self, key: str, reason: str, *, hint: str = "") -> NoReturn:
        """Raise `UsageError` about `key`."""
        raise UsageError(f"{self._file}: {self._prefix}{key} {reason}", hint=hint)

    def _take(self, key: str, default: object) -> object:
        self._asked.add(key)
        value = self._left.pop(key, default)
        if value is None:
            self.refuse(key, "is missing")
        return value

    def _below(self, key: str, value: object) -> Table:
        if not isinstance(value, dict):
            self.refuse(key, "must be a table")
        return Table(value, self._file, f"{self._prefix}{key}.")


def open_table(path: Path) -> Table:
    """Read the file at `path` as a table; raise `UsageError` when it cannot be read or is not TOML."""
    return Table(read_toml(path), path)
