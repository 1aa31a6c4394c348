"""What unpacked shards look like: as the manifest says that the data was, else as narrow as holds everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from migrator.errors import UsageError
from migrator.packing.checks.folder_counts import read_facts
from migrator.packing.keys import LABEL_KEY, MASKED_KEYS, UNPACKED_DTYPES
from migrator.packing.manifest import MANIFEST
from migrator.packing.shards.writing import Column
from migrator.packing.unpacking.survey import Survey


@dataclass(frozen=True)
class Widths:
    """Columns of unpacked rows; None where nobody says."""

    row_length: int | None = None
    masked: int | None = None


NOT_SAID = Widths()


@dataclass(frozen=True)
class UnpackedForm:
    row_length: int
    masked_width: int
    dtypes: Mapping[str, np.dtype[Any]]

    @property
    def columns(self) -> dict[str, Column]:
        """The datasets of a shard."""
        return {key: Column(dtype, self._width(key)) for key, dtype in self.dtypes.items()}

    @property
    def row_bytes(self) -> int:
        """Bytes of one row with all its datasets."""
        return sum((column.width or 1) * column.dtype.itemsize for column in self.columns.values())

    def _width(self, key: str) -> int | None:
        if key == LABEL_KEY:
            return None
        return self.masked_width if key in MASKED_KEYS else self.row_length


def unpacked_form(folder: Path, asked: Widths, packed: int, found: Survey) -> UnpackedForm:
    """For the sequences of `folder`, whose packed rows have `packed` tokens.

    Raises `UsageError` where a width that was asked for, or that a manifest names, is too narrow.
    """
    known = _of_manifest(folder)
    row_length = asked.row_length if asked.row_length is not None else known.get("row_length", packed)
    masked = asked.masked if asked.masked is not None else known.get("max_predictions", found.most_masked)
    _check("tokens", row_length, found.longest, "--max-seq-len")
    _check("masked tokens", masked, found.most_masked, "--max-predictions")
    dtypes = {key: np.dtype(name) for key, name in known.get("dtypes", {}).items() if key in UNPACKED_DTYPES}
    return UnpackedForm(row_length, max(1, masked), {**UNPACKED_DTYPES, **dtypes})


def _of_manifest(folder: Path) -> dict[str, Any]:
    facts, _ = read_facts(folder / MANIFEST)  # others' folders have none, and a broken one is a matter of --check
    known = facts.get("input")
    return known if isinstance(known, dict) else {}


def _check(what: str, width: int, needed: int, option: str) -> None:
    if width < needed:
        raise UsageError(f"a sequence has {needed} {what}, rows of {width} were asked for", hint=f"{option} {needed}")
