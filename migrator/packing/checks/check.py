"""`migrate pack --check`: whether a packed folder, whoever made it, is what it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from migrator.packing.checks.comparing import differences, watched
from migrator.packing.checks.fault_log import FIRST, FaultLog, Found
from migrator.packing.checks.folder_check import check_files, check_metadata, known_manifest
from migrator.packing.checks.folder_counts import Counts, FileCounts
from migrator.packing.checks.multisets import BucketSums
from migrator.packing.checks.original import Original
from migrator.packing.checks.scanning import NOTHING, PACKED, Contents, Scan, Scanned, refuse_unreadable
from migrator.packing.faults import ShardError
from migrator.packing.input_files import shard_files
from migrator.packing.inputs import Inputs, look_at
from migrator.packing.memory import Memory
from migrator.packing.progress import Progress, unheard
from migrator.packing.shards.shard import Shard


@dataclass(frozen=True)
class Checked:
    """`compared` are the sequences of the original that the folder was compared with; None where there was none."""

    faults: list[Found]
    counts: Counts
    compared: int | None


def check(folder: Path, against: Path | None, memory: Memory, progress: Progress = unheard) -> Checked:
    """Read all of a packed folder, or of one packed shard, and of the unpacked data it was made of, if given.

    Takes memory for some blocks of rows; comparing takes 3 MiB more where nothing is missing, and 128 bytes for each
    sequence that may be where something is, a quarter of `memory.limit` at most.
    Raises `UsageError` where there is nothing to check: no shard, or only unpacked ones.
    """
    inputs = look_at(shard_files(folder), skip_bad=True, packed=True)
    refuse_unreadable(inputs)
    return _Check(folder, inputs, memory, progress).run(against)


class _Check:
    def __init__(self, folder: Path, inputs: Inputs, memory: Memory, progress: Progress) -> None:
        self._folder = folder
        self._inputs = inputs
        self._names = [path.name for path in inputs.paths]
        self._memory = memory
        self._progress = progress
        self._log = FaultLog()
        self._broken: set[str] = set()
        self._manifest = known_manifest(folder, self._log)

    def run(self, against: Path | None) -> Checked:
        for path, shard in zip(self._inputs.paths, self._inputs.shards, strict=True):
            if isinstance(shard, ShardError):
                self._log.note(shard.what, path.name)
        self._check_widths()
        scan, sums = Scan(self._inputs, PACKED), BucketSums() if against is not None else None
        counts = self._scanned(scan, sums)
        if self._folder.is_dir():
            check_metadata(self._folder, counts, self._log)
        if self._manifest is not None:
            check_files(self._manifest, self._inputs, counts, self._log, self._memory.workers, self._progress)
        compared = None if against is None or sums is None else self._compare(scan, sums, against, counts)
        return Checked(self._log.kinds, counts, compared)

    def _check_widths(self) -> None:
        """Trainers stack rows of several files."""
        for what, width in (("tokens", "row_length"), ("masked tokens", "masked_width"), ("sequences", "per_row")):
            found = Counter(getattr(shard, width) for shard in self._inputs.readable)
            usual = found.most_common(1)[0][0]
            for shard in self._inputs.readable:
                if (own := getattr(shard, width)) != usual:
                    self._log.note(f"has rows of {own} {what}, others of {usual}", shard.path.name)

    def _scanned(self, scan: Scan, sums: BucketSums | None) -> Counts:
        found: list[list[Contents]] = [[] for _ in self._names]
        for part in watched(scan, scan.run(self._memory, sums is not None), "checking", self._progress):
            self._note_faults(part)
            if sums is not None:
                sums.take(part.contents.placed.prints)
            found[part.shard].append(replace(part.contents, faults=[], placed=NOTHING.placed))
        return self._counts([Contents.joined(parts) for parts in found])

    def _note_faults(self, part: Scanned) -> None:
        name = self._names[part.shard]
        if part.unreadable and name not in self._broken:
            self._broken.add(name)  # what follows is rarely better, and one line is enough
            self._log.note(part.unreadable, name)
        for fault in part.contents.faults:
            self._log.note(fault.what, name, fault.row)

    def _counts(self, files: list[Contents]) -> Counts:
        whole, readable = Contents.joined(files), self._inputs.readable
        rows = [shard.rows if isinstance(shard, Shard) else 0 for shard in self._inputs.shards]
        sizes = [FileCounts(count, found.sequences) for count, found in zip(rows, files, strict=True)]
        return Counts(
            files=dict(zip(self._names, sizes, strict=True)),
            tokens=whole.tokens,
            masked_tokens=whole.masked_tokens,
            row_length=max(shard.row_length for shard in readable),
            masked_width=max(shard.masked_width for shard in readable),
            per_row=max(shard.per_row for shard in readable),
            most_sequences=whole.most_sequences,
        )

    def _compare(self, scan: Scan, sums: BucketSums, against: Path, counts: Counts) -> int:
        original = Original(against, self._folder, self._manifest or {}, counts.row_length)
        compared = original.add_to(sums, self._log, self._memory, self._progress)
        found = differences(sums, original.scan, scan, self._memory, self._progress)
        self._note_all("holds a sequence that the packed folder lacks", found.missing, original.place)
        here = partial(self._place, scan)
        self._note_all("holds a sequence more often than the original", found.doubled, here)
        self._note_all("holds a sequence that is not in the original", found.unknown, here)
        return compared

    def _place(self, scan: Scan, number: int) -> tuple[str, int]:
        shard, row = scan.place(number)
        return self._names[shard], row

    def _note_all(self, what: str, rows: Sequence[int], place: Callable[[int], tuple[str, int]]) -> None:
        for at, row in enumerate(rows[:FIRST], start=1):
            self._log.note(what, *place(row), count=1 if at < FIRST else len(rows) - FIRST + 1)
