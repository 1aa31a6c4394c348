"""Several questions in a row for run_squad.py (https://arxiv.org/abs/2107.02027).

Rows have the length of the features. N is their number, S their length, K the most questions in one. A packed row has
its questions one after the other, without their padding.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

# As the model's own mask: e to the power of it is 0.
NOT_CHOSEN = -10000.0


def pack_features(data: TensorDataset) -> TensorDataset:
    """Features of one question each -> rows of several; every question once.

    In:  input_ids, input_mask, segment_ids [features, S], start_positions, end_positions [features].
    Out: input_ids, input_mask, segment_ids [N, S], start_positions, end_positions [N, K], positions [N, S].
    `input_mask` numbers the questions of a row from 1, and is 0 for padding. `positions` restart with each question.
    Start and end are places in the row, or S where a row has fewer than K questions, or an answer is cut off.
    """
    ids, mask, segments, starts, ends = data.tensors
    lengths, length = mask.sum(1).tolist(), ids.size(1)
    rows = best_fit(lengths, length)
    tokens = {name: torch.zeros(len(rows), length, dtype=torch.long) for name in ("ids", "mask", "segments", "places")}
    spans = torch.full((2, len(rows), max(map(len, rows))), length)
    for row, questions in enumerate(rows):
        begin = 0
        for slot, question in enumerate(questions):
            count = lengths[question]
            here = (row, slice(begin, begin + count))
            tokens["ids"][here] = ids[question, :count]
            tokens["segments"][here] = segments[question, :count]
            tokens["mask"][here] = slot + 1
            tokens["places"][here] = torch.arange(count)
            for span, answer in ((spans[0], starts), (spans[1], ends)):
                if 0 <= (place := answer[question].item()) < count:
                    span[row, slot] = begin + place
            begin += count
    return TensorDataset(tokens["ids"], tokens["mask"], tokens["segments"], *spans, tokens["places"])


def best_fit(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Which sequences each row gets: the longest first, each into the fullest row that has room for it."""
    rows: list[list[int]] = []
    with_free: list[list[int]] = [[] for _ in range(room + 1)]  # rows, by how many tokens are free
    for sequence in sorted(range(len(lengths)), key=lambda s: -lengths[s]):
        length = lengths[sequence]
        free = next((free for free in range(length, room) if with_free[free]), room)
        if free == room:
            rows.append([])
            with_free[room].append(len(rows) - 1)
        row = with_free[free].pop()
        rows[row].append(sequence)
        with_free[free - length].append(row)
    return rows


def by_question(logits: Tensor, numbers: Tensor, count: int) -> Tensor:
    """[N, S] -> [N * count, S]: of a row's questions each has its own tokens to choose from, and no others.

    `numbers` is the packed `input_mask`; the first `count` questions of each row are asked.
    """
    slots = torch.arange(1, count + 1, device=logits.device).view(1, -1, 1)
    others = numbers.unsqueeze(1) != slots
    return logits.unsqueeze(1).expand(-1, count, -1).masked_fill(others, NOT_CHOSEN).flatten(0, 1)
