"""Losses and gradients of packed questions and of the same ones in rows of their own, by the port's own code.

    migrate run --device emulated span_losses.py CODE CONFIG

Each question chooses among its own tokens in both. The last line printed is JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

LENGTH, QUESTIONS, ROWS = 48, 40, 4


def features() -> TensorDataset:
    """Questions of 7 to 48 tokens with an answer each, but for a few whose answer is cut off."""
    draw = np.random.default_rng(0)
    lengths = draw.integers(7, LENGTH + 1, QUESTIONS)
    ids, start = draw.integers(5, 100, (QUESTIONS, LENGTH)), draw.integers(1, lengths - 1)
    mask = np.arange(LENGTH) < lengths[:, None]
    segments = mask & (np.arange(LENGTH) >= lengths[:, None] // 2)
    start[::9] = LENGTH
    end = np.minimum(start + draw.integers(0, 3, QUESTIONS), np.where(start == LENGTH, LENGTH, lengths - 1))
    return TensorDataset(*(torch.as_tensor(array).long() for array in (ids * mask, mask, segments, start, end)))


def questions_of(ids: Tensor, numbers: Tensor) -> list[tuple[int, ...]]:
    """The tokens of each question of some packed rows."""
    rows = zip(ids, numbers, strict=True)
    return [tuple(row[own == n].tolist()) for row, own in rows for n in range(1, int(own.max()) + 1)]


def span_loss(logits: tuple[Tensor, Tensor], answers: tuple[Tensor, Tensor]) -> Tensor:
    """As main() computes it."""
    loss = torch.nn.CrossEntropyLoss(ignore_index=LENGTH)
    starts, ends = (loss(scores, places) for scores, places in zip(logits, answers, strict=True))
    return (starts + ends) / 2


def gradients_of(model: Any, loss: Tensor) -> Tensor:
    model.zero_grad(set_to_none=True)
    loss.backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).cpu()


def main(code: str, config: str) -> None:
    sys.path.insert(0, code)
    import modeling  # type: ignore[import-not-found]  # noqa: PLC0415
    import squad_packing  # type: ignore[import-not-found]  # noqa: PLC0415

    torch.manual_seed(0)
    model = modeling.BertForQuestionAnswering(modeling.BertConfig.from_json_file(config)).to("hpu")
    alone = features()
    packed = squad_packing.pack_features(alone)
    known = {tuple(ids[: int(mask.sum())].tolist()): at for at, (ids, mask, *_) in enumerate(alone)}
    losses, apart, asked = [], [], []
    for first in range(0, len(packed), ROWS):
        ids, mask, segments, start, end, positions = (t.to("hpu") for t in packed[first : first + ROWS])
        logits = model(ids, segments, mask, positions)
        logits = tuple(squad_packing.by_question(scores, mask, start.size(1)) for scores in logits)
        of_packed = span_loss(logits, (start.flatten(), end.flatten()))
        found = gradients_of(model, of_packed)

        same = [known.pop(content) for content in questions_of(ids.cpu(), mask.cpu())]
        asked.append(len(same))
        ids, mask, segments, start, end = (t.to("hpu") for t in alone[same])
        logits = tuple(scores.masked_fill(mask == 0, -torch.inf) for scores in model(ids, segments, mask))
        of_alone = span_loss(logits, (start, end))
        expected = gradients_of(model, of_alone)
        losses.append([of_packed.item(), of_alone.item()])
        apart.append(float((found - expected).norm() / expected.norm()))
    sys.stdout.write(json.dumps({"losses": losses, "gradients": apart, "asked": asked, "left": len(known)}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
