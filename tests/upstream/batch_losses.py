"""Losses and gradients of packed micro-batches and of the same sequences unpacked, by the port's own code.

    migrate run --device emulated batch_losses.py CODE CONFIG UNPACKED PACKED ROWS

For each micro-batch of ROWS packed rows, as the port's data set gives them, the sequences are looked up by content in
the unpacked shards, and come from there through the port's data set for those. The last line printed is JSON.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor

PACKED = ("positions", "next_sentence_positions")


def key_of(ids: Any, segments: Any, places: Any, tokens: Any, label: Any) -> bytes:
    """A sequence's content: what a model is told of it."""
    parts = (ids, segments, places, tokens, [label])
    return b"|".join(np.asarray(part, np.int64).tobytes() for part in parts)


def unpacked_keys(folder: Path) -> dict[bytes, list[tuple[Path, int]]]:
    """For each content where it stands: shards and rows."""
    found = defaultdict(list)
    for path in sorted(folder.glob("*.hdf5")):
        with h5py.File(path) as file:
            arrays = {name: file[name][:] for name in file}
        for row, mask in enumerate(arrays["input_mask"]):
            length, places = int(mask.sum()), arrays["masked_lm_positions"][row]
            content = (arrays["input_ids"][row, :length], arrays["segment_ids"][row, :length], places[places > 0])
            tokens, label = arrays["masked_lm_ids"][row][places > 0], arrays["next_sentence_labels"][row]
            found[key_of(*content, tokens, label)].append((path, row))
    return found


def sequences_of(path: Path) -> list[list[bytes]]:
    """The contents of each row of a packed shard, read without any of the port's code."""
    with h5py.File(path) as file:
        arrays = {name: file[name][:] for name in file}
    rows = []
    for row, numbers in enumerate(arrays["input_mask"]):
        places, tokens = arrays["masked_lm_positions"][row], arrays["masked_lm_ids"][row]
        contents = []
        for slot in range(int(numbers.max())):
            own = np.flatnonzero(numbers == slot + 1)
            here = (places > 0) & (numbers[places] == slot + 1)
            assert own[0] == arrays["next_sentence_positions"][row, slot]
            content = (arrays["input_ids"][row, own], arrays["segment_ids"][row, own], places[here] - own[0])
            contents.append(key_of(*content, tokens[here], arrays["next_sentence_labels"][row, slot]))
        rows.append(contents)
    return rows


def batch_of(rows: list[list[Tensor]]) -> list[Tensor]:
    return [torch.stack(tensors) for tensors in zip(*rows, strict=True)]


class Trainer:
    """The port's model and criterion, on its device."""

    def __init__(self, script: Any, config: str) -> None:
        torch.manual_seed(0)
        script.modeling.ACT2FN["bias_gelu"] = script.modeling.bias_gelu_training
        described = script.modeling.BertConfig.from_json_file(config)
        self.model = script.modeling.BertForPreTraining(described).to("hpu")
        self.criterion = script.BertPretrainingCriterion(described.vocab_size)

    def loss_and_gradients(self, batch: list[Tensor]) -> tuple[float, dict[str, Tensor]]:
        """As main() computes them."""
        ids, segments, mask, masked, next_sentence, *packed = (t.to("hpu") for t in batch)
        more = dict(zip(PACKED, packed, strict=True)) if packed else {}
        scores = self.model(input_ids=ids, token_type_ids=segments, attention_mask=mask, **more)
        loss = self.criterion(*scores, masked, next_sentence)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        gradients = {name: p.grad.cpu().clone() for name, p in self.model.named_parameters() if p.grad is not None}
        return loss.item(), gradients


def difference(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """The distance of all gradients together, relative to their length."""
    assert one.keys() == other.keys()
    apart = sum(float((one[name] - other[name]).double().square().sum()) for name in one)
    return float((apart / sum(float(g.double().square().sum()) for g in one.values())) ** 0.5)


class Comparison:
    """Packed micro-batches beside the same sequences unpacked."""

    def __init__(self, script: Any, rows: Any, trainer: Trainer, unpacked: Path) -> None:
        self.rows, self.trainer, self.known = rows, trainer, unpacked_keys(unpacked)
        self.shards: dict[Path, Any] = {path: script.pretraining_dataset(path, 5) for path in unpacked.iterdir()}
        self.found: dict[str, list[Any]] = {"losses": [], "gradients": [], "filled": [], "counts": []}

    def add(self, batch: list[Tensor], contents: list[bytes]) -> None:
        """Compare one packed micro-batch, whose sequences have these contents."""
        same = [self.known[content].pop() for content in contents]
        alone = batch_of([self.shards[path][row] for path, row in same])
        loss, gradients = self.trainer.loss_and_gradients(batch)
        expected, expected_gradients = self.trainer.loss_and_gradients(alone)
        self.found["losses"].append([loss, expected])
        self.found["gradients"].append(difference(expected_gradients, gradients))
        self.found["counts"].append([self.rows.count_sequences(batch), len(same)])
        for exact, wide in ((loss, batch), (expected, alone)):
            filled, _ = self.trainer.loss_and_gradients(self.rows.fill_up(wide, len(wide[0]) + 3))
            self.found["filled"].append([filled, exact])

    def of_nothing(self, batch: list[Tensor]) -> list[float]:
        """The loss of rows that do not count, and the largest gradient."""
        loss, gradients = self.trainer.loss_and_gradients(self.rows.fill_up([t[:0] for t in batch], 2))
        return [loss, max(float(gradient.abs().max()) for gradient in gradients.values())]


def main(code: str, config: str, unpacked: str, packed: str, rows: str) -> None:
    sys.path.insert(0, code)
    import packed_rows  # type: ignore[import-not-found]  # noqa: PLC0415
    import run_pretraining  # type: ignore[import-not-found]  # noqa: PLC0415

    size, trainer = int(rows), Trainer(run_pretraining, config)
    compared = Comparison(run_pretraining, packed_rows, trainer, Path(unpacked))
    for path in sorted(Path(packed).glob("*.hdf5")):
        shard, contents = packed_rows.PackedRows(path), sequences_of(path)
        for first in range(0, len(shard), size):
            batch = batch_of([shard[row] for row in range(first, min(first + size, len(shard)))])
            compared.add(batch, [content for row in contents[first : first + size] for content in row])
    left = sum(map(len, compared.known.values()))
    sys.stdout.write(json.dumps({**compared.found, "left": left, "blank": compared.of_nothing(batch)}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
