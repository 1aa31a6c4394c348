"""The unpacked data that a packed folder is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from migrator.packing.checks.comparing import watched
from migrator.packing.checks.fault_log import FaultLog
from migrator.packing.checks.multisets import BucketSums
from migrator.packing.checks.scanning import Scan, padded, refuse_unreadable
from migrator.packing.faults import ShardError
from migrator.packing.input_files import training_files
from migrator.packing.inputs import Inputs, look_at
from migrator.packing.manifest import QUARANTINE
from migrator.packing.memory import Memory
from migrator.packing.progress import Progress


class Original:
    """Rows and files that packing left out, by the packed folder's own report, are not missed in it."""

    def __init__(self, folder: Path, packed: Path, manifest: Mapping[str, Any], row_length: int) -> None:
        found = look_at(training_files(folder)[0], skip_bad=True)
        refuse_unreadable(found)
        self._left_out = _left_out(packed / QUARANTINE)
        kept = [at for at, path in enumerate(found.paths) if (path.name, None) not in self._left_out]
        self._inputs = Inputs(tuple(found.paths[at] for at in kept), tuple(found.shards[at] for at in kept))
        asked = manifest.get("request")
        most = asked.get("most_masked") if isinstance(asked, dict) else None
        self.scan = Scan(self._inputs, padded(row_length, self._inputs.masked_width if most is None else int(most)))

    def add_to(self, sums: BucketSums, log: FaultLog, memory: Memory, progress: Progress) -> int:
        """Add all sequences; returns how many there are. Broken rows that are not known as left out go to `log`."""
        count = 0
        for path, shard in zip(self._inputs.paths, self._inputs.shards, strict=True):
            if isinstance(shard, ShardError):
                self._note(log, shard.what, path, None)
        for part in watched(self.scan, self.scan.run(memory, with_prints=True), "reading the original", progress):
            path = self._inputs.paths[part.shard]
            if part.unreadable:
                self._note(log, part.unreadable, path, None)
            for fault in part.contents.faults:
                self._note(log, fault.what, path, fault.row)
            sums.add(part.contents.placed.prints)
            count += part.contents.sequences
        return count

    def place(self, number: int) -> tuple[str, int]:
        """File and row of a row's number."""
        shard, row = self.scan.place(number)
        return str(self._inputs.paths[shard]), row

    def _note(self, log: FaultLog, what: str, path: Path, row: int | None) -> None:
        if (path.name, row) not in self._left_out:
            log.note(f"cannot be compared with the packed folder: {what}", str(path), row)


def _left_out(path: Path) -> set[tuple[str, int | None]]:
    """The (file, row) that a report of packing names; none where there is no such report."""
    if not path.is_file():
        return set()
    return {(entry["file"], entry["row"]) for entry in json.loads(path.read_text(encoding="utf-8"))}
