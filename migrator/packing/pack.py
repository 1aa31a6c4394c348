"""`migrate pack`: every sequence of the input exactly once, in as few rows as can be."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import Any

from migrator.packing.algorithms.solve import Solved
from migrator.packing.assignment import RowOrder, assign, most_masked
from migrator.packing.disk import disk_failures
from migrator.packing.faults import ShardError, nothing_to_pack
from migrator.packing.finished import Packed, packed_before
from migrator.packing.freed_memory import keep_freed_memory
from migrator.packing.input_files import training_files
from migrator.packing.inputs import Inputs, look_at
from migrator.packing.manifest import MANIFEST, QUARANTINE, manifest, metadata, metadata_path, quarantine, write_json
from migrator.packing.memory import Memory
from migrator.packing.partial import Partial
from migrator.packing.planning import histogram_of, plan_for
from migrator.packing.progress import Progress, unheard
from migrator.packing.reading import Limits, Reader, WideIdsError
from migrator.packing.request import Request
from migrator.packing.sequences.rows import RowFormat
from migrator.packing.sequences.words import NARROW, WIDE
from migrator.packing.spill.drawing import SpillIndex
from migrator.packing.spill.files import SpillFiles
from migrator.packing.spill.layout import RowSizes
from migrator.packing.writing import RowWriter, WrittenShard


def pack(request: Request, memory: Memory, progress: Progress = unheard) -> Packed:
    """Pack `request.input` into the folder `request.output`, which appears when all is done.

    Raises `ShardError` for input that is not what it should be, `OutputError` where the output is taken or cannot be
    written, `UsageError` for a request that cannot be met.
    """
    request = replace(request, output=request.output.resolve())
    files, others = training_files(request.input)
    inputs = replace(look_at(files, request.reading.skip_bad), passed_over=tuple(others))
    partial = Partial(request.output)
    work = _Work(request, inputs, partial, memory, progress)
    asked = _asked(request, inputs)
    with disk_failures(request.output):
        known = packed_before(request.output, asked)
        if known is not None and not partial.folder.exists():
            return known
        with partial.locked():
            try:
                done = packed_before(request.output, asked) or work.run()
            except ShardError:
                partial.discard()  # what was read of other files is of no use: a mended input is another input
                raise
            partial.discard()
    return done


def _reading(request: Request, inputs: Inputs, times: bool) -> dict[str, Any]:
    return {**asdict(request.reading), "input": inputs.facts(times)}


def _packing(request: Request) -> dict[str, Any]:
    return {**asdict(request.packing), "algorithm": request.packing.algorithm.value}


def _asked(request: Request, inputs: Inputs) -> dict[str, Any]:
    return {**_reading(request, inputs, times=False), **_packing(request)}


class _Work:
    """The phases of one packing, each of which finds what was done before it was last interrupted."""

    def __init__(self, request: Request, inputs: Inputs, partial: Partial, memory: Memory, progress: Progress) -> None:
        self._request = request
        self._inputs = inputs
        self._partial = partial
        self._memory = memory
        self._progress = progress
        self._row_length = inputs.row_length(request.reading.row_length)
        self._seconds: dict[str, float] = {}
        memory.check(sum(shard.rows for shard in inputs.readable))

    def run(self) -> Packed:
        keep_freed_memory()
        request, facts = self._request, _reading(self._request, self._inputs, times=True)
        self._partial.keep_if_same(facts, _packing(request))
        spill = self._timed("read", self._read)
        index = spill.index()
        if not len(index):
            raise nothing_to_pack(request.input, quarantine(self._inputs, spill.shards))
        solved = self._timed("plan", lambda: self._plan(index))
        order = assign(solved.plan, index.lengths, index.masked_counts, request.packing.seed)
        form = self._form(solved, order, index)
        written = self._timed("write", lambda: self._write(spill, index, order, form))
        if _reading(request, self._inputs, times=True) != facts:
            raise ShardError(request.input, "was changed while it was packed", hint="pack it again once it is complete")
        return self._finish(spill, solved, form, written)

    def _timed(self, phase: str, work: Any) -> Any:
        start = time.perf_counter()
        result = work()
        self._seconds[phase] = time.perf_counter() - start
        return result

    def _read(self) -> SpillFiles:
        wide = bool(self._partial.read("wide.json"))
        sizes = [RowSizes.of(shard) for shard in self._inputs.shards]
        spill = SpillFiles(self._partial.spill, WIDE if wide else NARROW, sizes)
        asked = self._request.reading
        most = asked.most_masked if asked.most_masked is not None else self._inputs.masked_width
        reader = Reader(self._inputs.shards, Limits(self._row_length, most), spill, asked.skip_bad)
        try:
            reader.run(self._memory, self._progress)
        except WideIdsError:
            self._partial.forget_spill()
            self._partial.write("wide.json", True)
            return self._read()
        finally:
            spill.close()
        return spill

    def _plan(self, index: SpillIndex) -> Solved:
        known = self._partial.read("plan.json")
        if known is not None:
            return Solved.from_json(known)
        solved = plan_for(histogram_of(index.lengths, self._row_length), self._request.packing)
        self._partial.write("plan.json", solved.to_json())
        return solved

    def _form(self, solved: Solved, order: RowOrder, index: SpillIndex) -> RowFormat:
        """No masked token is lost: rows are as wide as the one with most needs, and not narrower than the input's."""
        masked = max(1, self._inputs.masked_width, most_masked(order, index.masked_counts))
        return RowFormat(self._row_length, masked, solved.plan.most_sequences)

    def _write(self, spill: SpillFiles, index: SpillIndex, order: RowOrder, form: RowFormat) -> list[WrittenShard]:
        count = min(self._request.packing.shards or len(self._inputs.shards), len(order.per_row))
        done = [WrittenShard(**entry) for entry in self._partial.read("written.json") or []]
        writer = RowWriter(self._partial.rows, order, form, spill.form, spill.opened(index))
        for shard in writer.run(count, tuple(done), self._memory.workers, self._progress):
            done.append(shard)
            self._partial.write("written.json", [asdict(entry) for entry in done])
        return done

    def _finish(self, spill: SpillFiles, solved: Solved, form: RowFormat, written: list[WrittenShard]) -> Packed:
        request, inputs = self._request, self._inputs
        facts = manifest(inputs, spill.shards, solved, form, written, _asked(request, inputs))
        left_out = quarantine(inputs, spill.shards)
        write_json(self._partial.rows / MANIFEST, facts)
        if left_out:
            write_json(self._partial.rows / QUARANTINE, left_out)
        write_json(metadata_path(request.output), metadata(written, form))
        self._partial.rows.replace(request.output)
        return Packed(facts, left_out, self._seconds)
