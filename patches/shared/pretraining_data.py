"""BERT pre-training data for a trainer's folder: HDF5 shards, packed or not, read without losing a row.

A shard is an HDF5 file of integer arrays. N is the number of rows, S their length, P the most masked tokens in a row
and, where several sequences share a row (https://arxiv.org/abs/2107.02027), K the most sequences in one:

    input_ids                [N, S]   token ids: [CLS] A [SEP] B [SEP], padding; packed: one sequence after the other
    input_mask               [N, S]   1 for a token, 0 for padding; packed: the sequence's number in its row, from 1
    segment_ids              [N, S]   0 for sentence A, 1 for sentence B
    masked_lm_positions      [N, P]   where in the row tokens were masked; 0 where there are fewer than P
    masked_lm_ids            [N, P]   the tokens that were there before
    next_sentence_labels     [N]      1 if B does not follow A in the corpus; packed: [N, K]
    positions                [N, S]   packed only: the token's position in its sequence
    next_sentence_positions  [N, K]   packed only: where in the row the sequences' [CLS] stand
    next_sentence_weights    [N, K]   packed only: 1 for a sequence, 0 where there are fewer than K

`FOLDER_metadata.json` beside a packed folder may hold `avg_seq_per_sample`, the mean number of sequences in a row.

Batches are dicts of int64 tensors named like the arrays, but for `masked_lm_ids` and `next_sentence_weights`: instead,
`masked_lm_labels` and `next_sentence_labels` are IGNORE_INDEX where nothing is to be predicted. A model's loss has to
leave those out, and to be 0 where there are no others: the last batch of an epoch is filled up with ignored rows.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

IGNORE_INDEX = -1
PACKED_INPUTS = ("positions", "next_sentence_positions")  # what a model takes besides an unpacked batch
PACKED_KEYS = (*PACKED_INPUTS, "next_sentence_weights")
KEYS = ("input_ids", "input_mask", "segment_ids", "masked_lm_positions", "masked_lm_ids", "next_sentence_labels")
AS_LONG_AS_ROWS = ("input_ids", "input_mask", "segment_ids", "positions")
MEAN = "avg_seq_per_sample"


class ShardError(ValueError):
    """A file that cannot be used; the message names it."""


class StateError(ValueError):
    """A position in other data than those at hand, which says nothing about these."""


class ShardInfo(NamedTuple):
    """What the header of a file says."""

    path: Path
    packed: bool
    shapes: dict[str, tuple[int, ...]]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.shapes["input_ids"][0]


def inspect_shard(path: str | Path) -> ShardInfo:
    """Format and sizes of a file, read from its header. Raises `ShardError` where an array is missing or misshapen."""
    path = Path(path)
    with _opened(path) as file:
        packed = any(key in file for key in PACKED_KEYS) or MEAN in _metadata(path)
        kind, keys = ("packed", KEYS + PACKED_KEYS) if packed else ("unpacked", KEYS)
        if missing := [key for key in keys if not isinstance(file.get(key), h5py.Dataset)]:
            raise ShardError(f"{path}: {kind} data, but the file has no array {', '.join(missing)}")
        if wrong := [key for key in keys if file[key].dtype.kind not in "iub"]:
            raise ShardError(f"{path}: {wrong[0]} holds {file[wrong[0]].dtype}, and not integers")
        shapes = {key: file[key].shape for key in keys}
    length, masked, per_row = (shapes[key][1:] for key in ("input_ids", "masked_lm_positions", "next_sentence_labels"))
    for key, shape in shapes.items():
        widths = length if key in AS_LONG_AS_ROWS else masked if key.startswith("masked") else per_row
        flat = key == "next_sentence_labels" and not packed
        if shape != (shapes["input_ids"][:1] + widths) or len(shape) != (1 if flat else 2):
            raise ShardError(f"{path}: the shape of {key} does not fit {kind} data: {shapes}")
    return ShardInfo(path, packed, shapes)


class PretrainingShard(Dataset):
    """All rows of one file, held in memory as wide integers as the file has.

    Unpacked rows are cut to `max_seq_length` tokens and `max_predictions` masked ones. Packed rows are never cut: that
    would not shorten their sequences but lose the last ones. Raises `ShardError`.
    """

    def __init__(self, path: str | Path, max_seq_length: int | None = None, max_predictions: int | None = None) -> None:
        self.info = inspect_shard(path)
        widths = row_shapes(self.info, max_seq_length, max_predictions)
        with _opened(self.info.path) as file:
            self.arrays = {key: file[key][(slice(None), *map(slice, widths[key]))] for key in self.info.shapes}
        self._check_positions(self.info.shapes["input_ids"][1])
        places = self.arrays["masked_lm_positions"]
        places[places >= widths["input_ids"][0]] = 0  # masked tokens that were cut off

    def _check_positions(self, length: int) -> None:
        for key in ("masked_lm_positions", *PACKED_INPUTS):
            places = self.arrays.get(key, np.zeros((0, 0), np.int64))
            if (outside := (places < 0) | (places >= length)).any():
                row, column = np.argwhere(outside)[0]
                raise ShardError(
                    f"{self.info.path}: row {row}: {key} holds {places[row, column]}, and rows have {length} tokens"
                )

    def __len__(self) -> int:
        return self.info.rows

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: torch.as_tensor(array[0]) for name, array in self.rows(np.array([index])).items()}

    def rows(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Some rows, as int64 arrays under the names of a batch."""
        taken = {key: array[indices].astype(np.int64) for key, array in self.arrays.items()}
        # [CLS] at the start of a row is never masked, so position 0 means "no more masked tokens" in both formats.
        masked = taken["masked_lm_positions"] != 0
        taken["masked_lm_labels"] = np.where(masked, taken.pop("masked_lm_ids"), IGNORE_INDEX)
        if self.info.packed:
            counts = taken.pop("next_sentence_weights") != 0
            taken["next_sentence_labels"] = np.where(counts, taken["next_sentence_labels"], IGNORE_INDEX)
        return taken


class PretrainingLoader:
    """Batches of one shape from all files of a folder, in an order that depends on `seed` and the epoch only.

    An epoch is every row once: files in random order, and the rows of each, one stream. Its row g goes to the rank
    g % `world_size`, and batches run on from file to file, so all ranks have equally many; what the last batch lacks is
    ignored rows. The next file is read by a thread while the present one is used: two are in memory at most.

    `pin_memory_device` names the device to whose copies the batches' memory is suited; "" leaves it as it is.
    Raises `ShardError` for files that cannot be used, and for packed ones among unpacked ones.
    """

    def __init__(  # noqa: PLR0913
        self,
        files: Iterable[str | Path],
        batch_size: int,
        *,
        max_seq_length: int | None = None,
        max_predictions: int | None = None,
        rank: int = 0,
        world_size: int = 1,
        seed: int = 0,
        pin_memory_device: str = "",
    ) -> None:
        self.batch_size, self.rank, self.world_size, self.seed = batch_size, rank, world_size, seed
        self.limits = (max_seq_length, max_predictions)
        self.pin_memory_device = pin_memory_device
        self.shards = sorted(map(inspect_shard, files), key=lambda shard: shard.path.name)
        self.packed = _is_packed(self.shards)
        self.total_rows = sum(shard.rows for shard in self.shards)
        if self.total_rows == 0:
            raise ShardError(f"no rows in the {len(self.shards)} files of {self.shards[0].path.parent}")
        shapes = [row_shapes(shard, *self.limits) for shard in self.shards]
        self.shapes = {key: max(shape[key] for shape in shapes) for key in shapes[0]}  # of a batch's rows
        self.shapes["masked_lm_labels"] = self.shapes.pop("masked_lm_ids")
        self.shapes.pop("next_sentence_weights", None)
        self._done_before = (0, 0)  # an epoch, and how many of its rows were used with another number of ranks

    def batches_per_epoch(self) -> int:
        """How many batches each rank has in a whole epoch."""
        return self._batches_of(self.total_rows)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch, without the first `skip` ones. Its thread ends with it, also where it is closed."""
        base = self._base(epoch)
        left = self._batches_of(self.total_rows - base) - skip
        batch, filled = self._blank(), 0
        shares = self._shares(epoch, base, base + skip * self.batch_size * self.world_size)
        with closing(self._parts(shares)) as parts:
            for part in parts:
                count = len(part["input_ids"])
                for name, rows in part.items():
                    batch[name][(slice(filled, filled + count), *map(slice, rows.shape[1:]))] = torch.from_numpy(rows)
                filled += count
                if filled == self.batch_size:
                    yield self._pinned(batch)
                    batch, filled, left = self._blank(), 0, left - 1
        if left > 0:
            yield self._pinned(batch)

    def state_dict(self, epoch: int, batches: int) -> dict[str, Any]:
        """Where the training is: `batches` of the epoch were used by each rank. Equal on all ranks, and small.

        The trainer counts them: what has been handed out may still wait in a prefetcher to the device.
        """
        done = self._base(epoch) + batches * self.batch_size * self.world_size
        return {"epoch": epoch, "rows": min(done, self.total_rows), "seed": self.seed, "data": self.fingerprint()}

    def load_state_dict(self, state: dict[str, Any]) -> tuple[int, int]:
        """Take up a state: (epoch, batches), from where `epoch()` goes on with exactly the rows that were left.

        Batch size and number of ranks may have changed. Raises `StateError` for another seed or other data.
        """
        if state["data"] != self.fingerprint():
            raise StateError("the position is one in other shards than those at hand")
        if state["seed"] != self.seed:
            raise StateError(f"the position is one in the order of seed {state['seed']}, not {self.seed}")
        batches, rest = divmod(state["rows"], self.batch_size * self.world_size)
        if state["rows"] == self.total_rows:
            batches, rest = self.batches_per_epoch(), 0
        self._done_before = (state["epoch"], rest)
        return state["epoch"], batches

    def fingerprint(self) -> str:
        """Of the files' names, formats and numbers of rows, wherever the folder is."""
        known = [(shard.path.name, shard.packed, shard.rows) for shard in self.shards]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]

    def _base(self, epoch: int) -> int:
        return self._done_before[1] if epoch == self._done_before[0] else 0

    def _batches_of(self, rows: int) -> int:
        return -(-rows // (self.batch_size * self.world_size))

    def _blank(self) -> dict[str, Tensor]:
        fill = {name: IGNORE_INDEX if name.endswith("_labels") else 0 for name in self.shapes}
        return {name: torch.full((self.batch_size, *self.shapes[name]), fill[name]) for name in fill}

    def _pinned(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        device = self.pin_memory_device
        return {name: t.pin_memory(device) for name, t in batch.items()} if device else batch

    def _shares(self, epoch: int, base: int, start: int) -> Iterator[tuple[ShardInfo, np.ndarray]]:
        """The files of an epoch in order, and which of their rows from the stream's row `start` on are this rank's."""
        before = 0
        for number in _shuffled(len(self.shards), self.seed + epoch):
            shard, first = self.shards[number], max(0, start - before)
            first += (self.rank - (before + first - base)) % self.world_size
            if first < shard.rows:
                order = _shuffled(shard.rows, self.seed + epoch * len(self.shards) + int(number))
                yield shard, order[first :: self.world_size]
            before += shard.rows

    def _parts(self, shares: Iterator[tuple[ShardInfo, np.ndarray]]) -> Iterator[dict[str, np.ndarray]]:
        """The rows of all shares, in pieces that end where a batch does, or a file."""
        room = self.batch_size
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-shard") as thread:
            coming = thread.submit(self._read, next(shares, None))
            while True:
                shard, indices = coming.result()
                if shard is None:
                    return
                coming = thread.submit(self._read, next(shares, None))
                while len(indices):
                    part, indices = indices[:room], indices[room:]
                    room = room - len(part) or self.batch_size
                    yield shard.rows(part)
                del shard  # before the next one is taken and the one after it read

    def _read(self, share: tuple[ShardInfo, np.ndarray] | None) -> tuple[PretrainingShard | None, np.ndarray]:
        if share is None:
            return None, np.zeros(0, np.int64)
        shard = PretrainingShard(share[0].path, *self.limits)
        if shard.info != share[0]:
            raise ShardError(f"{share[0].path}: the file is another one than at the start of the training")
        return shard, share[1]


class CountedBatches:
    """Counts the sequences of batches on the host, on their way to the device: counting there would wait for it.

    `take_count()` gives one count for each batch, in order, however far ahead of the training they are asked for.
    """

    def __init__(self, batches: Iterable[dict[str, Tensor]]) -> None:
        self.batches = batches
        self.counts: deque[int] = deque()

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for batch in self.batches:
            self.counts.append(count_sequences(batch))
            yield batch

    def take_count(self) -> int:
        """The sequences of the next batch that is used."""
        return self.counts.popleft()


def count_sequences(batch: dict[str, Tensor]) -> int:
    """The sequences of a batch on the host; rows that are ignored have none."""
    return int((batch["next_sentence_labels"] != IGNORE_INDEX).sum())


def block_diagonal_mask(sequence_numbers: Tensor) -> Tensor:
    """[N, S] -> [N, S, S], true where two tokens are of the same sequence; padding is of none."""
    # Compared and not multiplied: products of numbers from 12 on do not fit the int8 they may come in.
    rows, columns = sequence_numbers.unsqueeze(2), sequence_numbers.unsqueeze(1)
    return (rows == columns) & (columns != 0)


def mean_sequences_per_row(files: Sequence[str | Path]) -> float:
    """How many sequences a folder's rows hold on average: as its metadata say, else counted. 1.0 for unpacked rows."""
    shards = [inspect_shard(path) for path in files]
    if not _is_packed(shards):
        return 1.0
    known = _metadata(shards[0].path)
    if MEAN in known:
        return float(known[MEAN])
    sequences = 0
    for shard in shards:
        with _opened(shard.path) as file:
            sequences += int(np.count_nonzero(file["next_sentence_weights"][:]))
    if sequences == 0:
        raise ShardError(f"no sequences in the {len(shards)} files of {shards[0].path.parent}")
    return sequences / sum(shard.rows for shard in shards)


def row_shapes(
    shard: ShardInfo, max_seq_length: int | None = None, max_predictions: int | None = None
) -> dict[str, tuple[int, ...]]:
    """The shapes that a row's arrays come with, within the limits. Raises `ShardError` for packed rows over them."""
    length = shard.shapes["input_ids"][1]
    if shard.packed and max_seq_length is not None and length > max_seq_length:
        raise ShardError(
            f"{shard.path}: packed rows have {length} tokens, and {max_seq_length} is the most that is asked for; "
            "cutting them would lose sequences, so allow longer rows or pack shorter ones"
        )
    shapes = {key: shape[1:] for key, shape in shard.shapes.items()}
    if not shard.packed:
        for key in ("input_ids", "input_mask", "segment_ids"):
            shapes[key] = (min(length, max_seq_length or length),)
        masked = shapes["masked_lm_positions"][0]
        for key in ("masked_lm_positions", "masked_lm_ids"):
            shapes[key] = (min(masked, masked if max_predictions is None else max_predictions),)
    return shapes


def _is_packed(shards: Sequence[ShardInfo]) -> bool:
    """The format of all files. Raises `ShardError` where there are none, or of both formats."""
    if not shards:
        raise ShardError("no files")
    by_format = {shard.packed: shard.path for shard in shards}
    if len(by_format) > 1:
        raise ShardError(f"{by_format[True]} is packed and {by_format[False]} is not: they cannot be mixed")
    return shards[0].packed


def _metadata(path: Path) -> dict[str, Any]:
    """What stands in `FOLDER_metadata.json` beside the folder of a file, if there is one."""
    for folder in (path.parent.absolute(), path.parent.resolve()):
        place = folder.with_name(f"{folder.name}_metadata.json") if folder.name else folder
        if place.is_file():
            return _read_metadata(place)
    return {}


def _read_metadata(place: Path) -> dict[str, Any]:
    try:
        known = json.loads(place.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ShardError(f"{place}: not JSON: {error}") from error
    if not isinstance(known, dict):
        raise ShardError(f"{place}: not a JSON object")
    mean = known.get(MEAN, 1.0)
    if isinstance(mean, bool) or not isinstance(mean, (int, float)) or not (math.isfinite(mean) and mean > 0):
        raise ShardError(f"{place}: {MEAN} is {mean!r}, and not the number of sequences in a row")
    return known


def _shuffled(count: int, seed: int) -> np.ndarray:
    # With a generator of its own, so that the order of dropout masks stays what it is.
    generator = torch.Generator()
    generator.manual_seed(seed)
    return torch.randperm(count, generator=generator).numpy()


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError) as error:
        raise ShardError(f"{path}: cannot be read: {error}") from error
