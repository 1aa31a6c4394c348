"""What is wrong with input: one row, or a whole file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.errors import UsageError


@dataclass(frozen=True)
class RowFault:
    row: int  # in its file, from 0
    what: str


class ShardError(UsageError):
    """A shard cannot be read, or not be understood (exit 2)."""

    def __init__(self, path: Path, what: str, *, hint: str = "") -> None:
        super().__init__(f"{path}: {what}", hint=hint)
        self.path = path
        self.what = what


def row_error(path: Path, fault: RowFault) -> ShardError:
    """The error for the first bad row of a file."""
    hint = "mend or remove it, or give --skip-bad to leave out what is broken, listed in a report"
    return ShardError(path, f"row {fault.row} {fault.what}", hint=hint)


def nothing_to_pack(source: Path, left_out: Sequence[Mapping[str, Any]]) -> ShardError:
    """The error for input without a single sound row; `left_out` as in the report of what was skipped."""
    error = ShardError(source, "holds no sequences that can be packed")
    rows = ["" if entry["row"] is None else f", row {entry['row']}" for entry in left_out]
    error.details = [f"{entry['file']}{row}: {entry['what']}" for entry, row in zip(left_out[:5], rows, strict=False)]
    return error
