"""Packed shards: several sequences in a row, with no attention between them (arXiv 2107.02027).

A packed shard has the arrays of an unpacked one and three more. N is the number of rows, S the length of a row, P the
largest number of masked tokens in a row and K the largest number of sequences in a row:

    input_ids, segment_ids    [N, S]   as in an unpacked shard, one sequence after the other, then padding
    input_mask                [N, S]   the number of the token's sequence in its row, 1 to K; 0 for padding
    positions                 [N, S]   the token's position in its sequence
    masked_lm_positions       [N, P]   where tokens were masked, counted from the start of the row
    masked_lm_ids             [N, P]   the tokens that were there before; 0 where there are fewer than P
    next_sentence_positions   [N, K]   where in the row the sequences start
    next_sentence_labels      [N, K]   1 if B does not follow A in the corpus
    next_sentence_weights     [N, K]   1 for a sequence, 0 where there are fewer than K

Beside the folder of the shards, `<folder>_metadata.json` may tell the mean number of sequences in a row.
"""

import json
from collections import deque
from pathlib import Path

import h5py
import numpy as np
import torch
from torch.utils.data import Dataset

IGNORE_INDEX = -1
# What the model takes of a packed batch besides the inputs of an unpacked one.
PACKED_INPUTS = ("positions", "next_sentence_positions")
PACKED_KEYS = (*PACKED_INPUTS, "next_sentence_weights")
ROW_KEYS = ("input_ids", "input_mask", "segment_ids", "positions", "masked_lm_positions", "next_sentence_positions")


def is_packed(path):
    with h5py.File(path, "r") as f:
        return any(key in f for key in PACKED_KEYS)


class PackedShard(Dataset):
    """All rows of one packed HDF5 file, held in memory."""

    def __init__(self, path, max_seq_length):
        with h5py.File(path, "r") as f:
            length = f["input_ids"].shape[1]
            if length > max_seq_length:
                # Unlike an unpacked row, this one would lose whole sequences and not the end of one.
                raise ValueError(f"{path} has packed rows of {length} tokens, more than --max_seq_length")
            self.rows = {key: f[key][:] for key in ROW_KEYS}
            # Position 0 may be that of a masked token's padding only, but no token that was masked is [PAD], id 0.
            self.masked_lm_labels = ignore_absent(f["masked_lm_ids"][:], f["masked_lm_ids"][:] != 0)
            self.weights = f["next_sentence_weights"][:]
            self.next_sentence_labels = ignore_absent(f["next_sentence_labels"][:], self.weights != 0)

    def __len__(self):
        return len(self.rows["input_ids"])

    def __getitem__(self, index):
        row = {key: array[index] for key, array in self.rows.items()}
        return row
