"""Packed shards: several sequences in a row, with no attention between them (https://arxiv.org/abs/2107.02027).

A packed shard is an HDF5 file like an unpacked one, with three more arrays. N is the number of rows, S their length,
P the largest number of masked tokens in a row and K the largest number of sequences in a row:

    input_ids                [N, S]   token ids, one sequence after the other, then padding
    input_mask               [N, S]   the number in its row of the token's sequence, from 1; 0 for padding
    segment_ids              [N, S]   0 for sentence A, 1 for sentence B
    positions                [N, S]   the token's position in its sequence
    masked_lm_positions      [N, P]   where in the row tokens were masked
    masked_lm_ids            [N, P]   the tokens that were there before; 0 where there are fewer than P
    next_sentence_positions  [N, K]   where in the row the sequences' [CLS] stand
    next_sentence_labels     [N, K]   1 if B does not follow A in the corpus
    next_sentence_weights    [N, K]   1 for a sequence, 0 where there are fewer than K

The file `<folder>_metadata.json` beside the folder may say how many sequences a row holds on average.
"""

import json
from collections import deque
from pathlib import Path

import h5py
import numpy as np
import torch
from torch.utils.data import Dataset

IGNORE_INDEX = -1  # a label that does not count
PACKED_INPUTS = ("positions", "next_sentence_positions")  # what the model takes besides an unpacked batch
PACKED_KEYS = (*PACKED_INPUTS, "next_sentence_weights")
KEYS = ("input_ids", "input_mask", "segment_ids", "masked_lm_positions", "masked_lm_ids", "next_sentence_labels")


def is_packed(path):
    with h5py.File(path, "r") as f:
        return any(key in f for key in PACKED_KEYS)


class PackedShard(Dataset):
    """All rows of one packed file, held in memory."""

    def __init__(self, path, max_seq_length):
        with h5py.File(path, "r") as f:
            length = f["input_ids"].shape[1]
            if length > max_seq_length:
                # Cutting the row would not shorten its sequences but lose the last ones.
                raise ValueError(f"{path}: packed rows of {length} tokens, but --max_seq_length is {max_seq_length}")
            self.arrays = {key: f[key][:] for key in KEYS + PACKED_KEYS}

    def __len__(self):
        return len(self.arrays["input_ids"])

    def __getitem__(self, index):
        row = {key: array[index].astype(np.int64) for key, array in self.arrays.items()}
        # The id tells where masked tokens end: none of them is [PAD], which is 0, but positions are 0 there as well as
        # at the [CLS] of the first sequence.
        ids, weights = row.pop("masked_lm_ids"), row.pop("next_sentence_weights")
        row["masked_lm_labels"] = np.where(ids != 0, ids, IGNORE_INDEX)
        row["next_sentence_labels"] = np.where(weights != 0, row["next_sentence_labels"], IGNORE_INDEX)
        return {key: torch.from_numpy(array) for key, array in row.items()}


class CountedBatches:
    """Counts the sequences of batches on the host, on their way to the device: counting there would wait for it.

    Counts are taken in the order of the batches, however far ahead of them the loader has read.
    """

    def __init__(self, batches):
        self.batches = batches
        self.counts = deque()

    def __iter__(self):
        for batch in self.batches:
            # An unpacked batch has one label for each row, and all of them count.
            self.counts.append(int((batch["next_sentence_labels"] != IGNORE_INDEX).sum()))
            yield batch

    def take_count(self):
        return self.counts.popleft()


def block_diagonal_mask(sequence_numbers):
    """[N, S] -> [N, S, S], true where two tokens are of the same sequence; padding is of none."""
    # Compared and not multiplied: products of numbers from 12 on do not fit the int8 they may come in.
    rows, columns = sequence_numbers.unsqueeze(2), sequence_numbers.unsqueeze(1)
    return (rows == columns) & (columns != 0)


def mean_sequences_per_row(paths):
    """The mean over all shards of a folder: from its metadata, else counted. It is 1.0 for unpacked shards."""
    if not any(is_packed(path) for path in paths):
        return 1.0
    folder = Path(paths[0]).resolve().parent
    metadata = folder.with_name(folder.name + "_metadata.json")
    known = json.loads(metadata.read_text(encoding="utf-8")) if metadata.is_file() else {}
    return float(known.get("avg_seq_per_sample") or count_sequences_per_row(paths))


def count_sequences_per_row(paths):
    sequences = rows = 0
    for path in paths:
        with h5py.File(path, "r") as f:
            rows += len(f["input_ids"])
            sequences += np.count_nonzero(f["next_sentence_weights"][:]) if is_packed(path) else len(f["input_ids"])
    if sequences == 0:
        raise ValueError(f"no sequences in the packed shards of {Path(paths[0]).parent}")
    return sequences / rows
