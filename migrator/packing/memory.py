"""How much is held in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrator.errors import UsageError
from migrator.packing.faults import ShardError
from migrator.packing.parallel import AHEAD

_MIB = 2**20
_BASE = 192 * _MIB  # the interpreter, numpy, h5py and HiGHS
_INDEX_BYTES = 56  # a sequence: what is known of it, its place, and the sorting that gives it one
_PER_DECODED_BYTE = 1.5  # of a block being read: a few of its rows at a time, and the sequences of all, twice
_ROWS_OF_CHUNKS = 2  # the last one's rows are still looked at when the next one is decoded
_LARGEST_BLOCK = 64 * _MIB  # decoded


def default_memory(workers: int) -> int:
    """Bytes."""
    return (384 + 256 * workers) * _MIB


@dataclass(frozen=True)
class Memory:
    """The bytes that packing may take, shared out among what is in memory at a time."""

    limit: int
    workers: int

    def read_rows(self, row_bytes: int, multiple_of: int) -> int:
        """Rows to read at a time, when a row takes so many bytes decoded."""
        rows = int(self._for_blocks() / _PER_DECODED_BYTE) // max(1, row_bytes)
        return max(multiple_of, rows - rows % multiple_of)

    def check(self, sequences: int) -> None:
        """Raise `UsageError` where the limit leaves no room for what must be known of every sequence at once."""
        needed = _BASE + _INDEX_BYTES * sequences
        if needed > self.limit:
            raise UsageError(
                f"{sequences:,} sequences need {needed // _MIB} MiB for their index alone, --memory allows "
                f"{self.limit // _MIB}",
                hint=f"give --memory {needed // _MIB + 256}M or more",
            )

    def check_chunks(self, path: Path, chunk_bytes: int) -> None:
        """Raise `ShardError` where every worker's chunks, two rows of them at a time, do not fit together."""
        needed = _BASE + _ROWS_OF_CHUNKS * self.workers * chunk_bytes
        if needed > max(self.limit, _BASE + 64 * _MIB):
            raise ShardError(
                path,
                f"its chunks take {chunk_bytes // _MIB} MiB decoded; --memory has no room for {self.workers} at a time",
                hint=f"give --memory {needed // _MIB + 1}M, or fewer --workers, or store it in smaller chunks",
            )

    def _for_blocks(self) -> float:
        free = max(self.limit - _BASE, 64 * _MIB)
        return min(free / 2 / (self.workers + AHEAD), _LARGEST_BLOCK * _PER_DECODED_BYTE)
