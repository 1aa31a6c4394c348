"""Rows of several sequences for run_pretraining.py (https://arxiv.org/abs/2107.02027), beside its rows of one.

pretraining_data.py describes the files. N is the number of rows of a micro-batch, S their length, K the most sequences
in one. A batch is a list of int64 tensors, in the trainer's order; packed batches have two more:

    input_ids, segment_ids   [N, S]
    input_mask               [N, S]   1 for a token, 0 for padding; packed: the sequence's number in its row, from 1
    masked_lm_labels         [N, S]   the token that was masked, -1 elsewhere
    next_sentence_labels     [N]      packed: [N, K], -1 where there are fewer
    positions                [N, S]   packed only: from 0 in each sequence
    next_sentence_positions  [N, K]   packed only: where the sequences' [CLS] stand
"""

from __future__ import annotations

from pathlib import Path

import torch
from pretraining_data import (
    IGNORE_INDEX,
    PACKED_INPUTS,
    PretrainingShard,
    ShardError,
    inspect_shard,
    mean_sequences_per_row,
    row_shapes,
)
from torch import Tensor
from torch.nn.functional import cross_entropy

INPUTS = ("input_ids", "segment_ids", "input_mask", "masked_lm_labels", "next_sentence_labels")


class PackedRows(PretrainingShard):
    """The rows of one packed file, each a list of the seven tensors above, without N. Raises `ShardError`."""

    def __getitem__(self, index: int) -> list[Tensor]:
        row = super().__getitem__(index)
        places, tokens = row["masked_lm_positions"], row["masked_lm_labels"]
        row["masked_lm_labels"] = torch.full_like(row["input_ids"], IGNORE_INDEX)
        row["masked_lm_labels"][places[places != 0]] = tokens[places != 0]
        return [row[name] for name in (*INPUTS, *PACKED_INPUTS)]


def find_shards(folder: str) -> list[str]:
    """The files with "training" in their names, as ever; where none has it, every *.hdf5, as some packers name them.

    Raises `SystemExit`, in a line, where there are none.
    """
    files = sorted(path for path in Path(folder).glob("*") if path.is_file())
    found = [path for path in files if "training" in path.name] or [path for path in files if path.suffix == ".hdf5"]
    if not found:
        what = "no file has 'training' in its name, and none is *.hdf5" if Path(folder).is_dir() else "no such folder"
        raise SystemExit(f"{folder}: {what}. Give --input_dir the folder of the training data.")
    return list(map(str, found))


def packed_sequences_per_row(folder: str, max_seq_length: int, said: str | None = None) -> float | None:
    """How many sequences a packed folder's rows hold on average, by its metadata or counted; None: it is not packed.

    `said` is "true" or "false" where a user said whether it is. Raises `SystemExit`, in a line, where that is wrong,
    and for files that cannot be used: of both kinds, or with packed rows longer than `max_seq_length`.
    """
    files = find_shards(folder)
    try:
        mean, packed = mean_sequences_per_row(files), inspect_shard(files[0]).packed
        for path in files if packed else ():
            row_shapes(inspect_shard(path), max_seq_length)
    except ShardError as error:
        raise SystemExit(f"--input_dir {folder}: {error}") from error
    if said is not None and packed != (said == "true"):
        is_so = f"the data in {folder} are {'' if packed else 'not '}packed"
        raise SystemExit(f"--enable_packed_data_mode {said}: {is_so}. Leave the option out: it is seen from the data.")
    return mean if packed else None


def of_other_data(files: list[str], packed: bool) -> bool:
    """Whether a checkpoint's files are gone, or packed where those at hand are not, or the other way round."""
    return not Path(files[0]).is_file() or inspect_shard(files[0]).packed != packed


def fill_up(batch: list[Tensor], rows: int) -> list[Tensor]:
    """The batch with `rows` rows: those it lacks are ignored by the loss. Another shape would be another graph."""
    missing = rows - len(batch[0])
    if missing <= 0:
        return batch
    fill = [IGNORE_INDEX if name.endswith("_labels") else 0 for name in (*INPUTS, *PACKED_INPUTS)]
    return [torch.cat([t, t.new_full((missing, *t.shape[1:]), fill[at])]) for at, t in enumerate(batch)]


def count_sequences(batch: list[Tensor]) -> int:
    """The sequences of a batch that is still on the host; rows that are ignored have none."""
    return int((batch[INPUTS.index("next_sentence_labels")] != IGNORE_INDEX).sum())


def mean_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy, the mean over the labels that count; 0 where none does, and not 0 / 0.

    Shapes: scores [M, classes], labels [M].
    """
    total = cross_entropy(scores, labels, ignore_index=IGNORE_INDEX, reduction="sum")
    return total / (labels != IGNORE_INDEX).sum().clamp(min=1)


def mean_of_ranks(value: float, device: torch.device) -> float:
    """The mean of a number that each process has."""
    mean = torch.tensor(value, dtype=torch.float32, device=device)
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.all_reduce(mean)
        mean /= torch.distributed.get_world_size()
    return mean.item()
