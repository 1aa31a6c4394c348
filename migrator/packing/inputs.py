"""The shards of an input, looked at before any row is read: whether they belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.errors import UsageError
from migrator.packing.faults import ShardError
from migrator.packing.sequences.words import LONGEST
from migrator.packing.shards.shard import Shard, open_shard


@dataclass(frozen=True)
class Inputs:
    """A shard that cannot be opened is its error; it is skipped where that was asked for."""

    paths: tuple[Path, ...]
    shards: tuple[Shard | ShardError, ...]
    passed_over: tuple[Path, ...] = ()  # beside them, but not to be trained on

    @property
    def readable(self) -> list[Shard]:
        """Those that could be opened."""
        return [shard for shard in self.shards if isinstance(shard, Shard)]

    @property
    def masked_width(self) -> int:
        """Masked tokens a row of the input has room for."""
        return max((shard.masked_width for shard in self.readable), default=0)

    def row_length(self, asked: int | None) -> int:
        """Tokens of a packed row. Raises `UsageError` where it has to be said, or cannot be."""
        found = sorted({shard.row_length for shard in self.readable})
        if asked is None and len(found) > 1:
            lengths = " and ".join(map(str, found))
            raise UsageError(
                f"the shards have rows of {lengths} tokens", hint="say how long packed rows are: --max-seq-len"
            )
        length = asked if asked is not None else (found or [1])[0]
        if not 1 <= length <= LONGEST:
            raise UsageError(f"rows of {length} tokens: from 1 to {LONGEST} can be packed")
        return length

    def facts(self, times: bool) -> list[list[Any]]:
        """Name and size of each file, and when it was changed: what makes it the same input as before."""
        return [_fact(path, times) for path in self.paths]


def _fact(path: Path, time: bool) -> list[Any]:
    try:
        stat = path.stat()
    except OSError as error:
        raise ShardError(path, f"cannot be looked at: {error.strerror}") from error
    return [path.name, stat.st_size, *([stat.st_mtime_ns] if time else [])]


def look_at(paths: Sequence[Path], skip_bad: bool, packed: bool = False) -> Inputs:
    """Open each file. Raises `ShardError` for the first that is no shard of this kind, unless bad ones are skipped."""
    shards: list[Shard | ShardError] = []
    for path in paths:
        try:
            shards.append(_of_kind(open_shard(path), packed))
        except ShardError as error:
            if not skip_bad:
                raise
            shards.append(error)
    return Inputs(tuple(paths), tuple(shards))


def _of_kind(shard: Shard, packed: bool) -> Shard:
    if shard.packed and not packed:
        raise ShardError(shard.path, "its rows are packed already", hint="`migrate unpack` gives the sequences back")
    if packed and not shard.packed:
        raise ShardError(shard.path, "its rows are not packed", hint="`migrate pack` packs them")
    return shard
