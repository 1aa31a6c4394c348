"""`migrate unpack`: the sequences of a packed folder, whoever made it, in rows of their own again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from migrator.errors import OutputError
from migrator.packing.disk import disk_failures
from migrator.packing.faults import ShardError
from migrator.packing.input_files import shard_files
from migrator.packing.inputs import Inputs, look_at
from migrator.packing.manifest import metadata_path
from migrator.packing.memory import Memory
from migrator.packing.partial import Partial
from migrator.packing.progress import Progress, unheard
from migrator.packing.unpacking.shard_unpacker import ShardUnpacker
from migrator.packing.unpacking.survey import Survey, survey
from migrator.packing.unpacking.unpacked_form import NOT_SAID, Widths, unpacked_form


@dataclass(frozen=True)
class Unpacked:
    files: int
    sequences: int
    row_length: int
    masked_width: int


def unpack(
    source: Path, output: Path, memory: Memory, progress: Progress = unheard, widths: Widths = NOT_SAID
) -> Unpacked:
    """Write every sequence of the packed folder `source` once, in the order of its rows, one shard for each of its own.

    `output` appears when all is done. Raises `ShardError` for rows that are not sound: nothing is guessed, and
    `migrate pack --check` names all that is wrong. Raises `UsageError` for widths that do not hold every sequence,
    `OutputError` where the output is taken or not writable.
    """
    output = output.resolve()
    inputs = look_at(shard_files(source), skip_bad=False, packed=True)
    _refuse_taken(output)
    partial = Partial(output)
    with disk_failures(output), partial.locked():
        partial.keep_if_same({"unpack": inputs.facts(times=True), **asdict(widths)}, {})
        try:
            done = _Work(inputs, partial, memory, progress).run(source, widths)
        except ShardError:
            partial.discard()  # a mended input is another input
            raise
        partial.rows.replace(output)
        partial.discard()
    return done


def _refuse_taken(output: Path) -> None:
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise OutputError(f"{output} exists", hint="remove it, or choose another output")
    if (metadata := metadata_path(output)).exists():
        hint = "remove it, or choose another output"
        raise OutputError(f"{metadata} says that {output} holds packed rows", hint=hint)


class _Work:
    def __init__(self, inputs: Inputs, partial: Partial, memory: Memory, progress: Progress) -> None:
        self._shards = inputs.readable
        self._partial = partial
        self._memory = memory
        self._progress = progress

    def run(self, source: Path, asked: Widths) -> Unpacked:
        found = survey(self._shards, self._memory, self._progress)
        packed = max(shard.row_length for shard in self._shards)
        form = unpacked_form(source, asked, packed, found)
        self._write(found, ShardUnpacker(form, self._memory))
        return Unpacked(len(self._shards), sum(found.sequences), form.row_length, form.masked_width)

    def _write(self, found: Survey, unpacker: ShardUnpacker) -> None:
        names = unpacked_names(len(self._shards))
        finished: int = self._partial.read("written.json") or 0
        total, done = sum(found.sequences), sum(found.sequences[:finished])
        for number in range(finished, len(self._shards)):
            aside = self._partial.folder / "shard.part"
            for written in unpacker.run(self._shards[number], found.sequences[number], aside):
                self._progress("writing", done + written, total)
            done += found.sequences[number]
            aside.replace(self._partial.rows / names[number])
            self._partial.write("written.json", number + 1)


def unpacked_names(count: int) -> list[str]:
    """Names that sort as they count; upstream's trainers take only files with `training` in their name."""
    digits = max(4, len(str(count - 1)))
    return [f"unpacked_training_{number:0{digits}d}.hdf5" for number in range(count)]
