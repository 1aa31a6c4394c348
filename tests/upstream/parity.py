"""A training of the port, and the same one by the upstream's model and our own LAMB: how far apart they come out.

A shard is one micro batch here, so that its samples' order does not matter; the order of shards is the script's.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.upstream.bert_data import write_config, write_shard
from tests.upstream.pretraining import Trained, train
from tests.upstream.running import environment

ROOT = Path(__file__).resolve().parents[2]
STEPS, SAMPLES = 21, 4  # at the last step the learning rate is 0: 20 that move the weights
RATE = {"rate": 6e-3, "warmup": 0.2843, "steps": STEPS}
WORDS = f"""--input_dir={{data}}/shards --output_dir={{out}}/results/checkpoints/
--config_file={{data}}/bert_config.json --bert_model=bert-large-uncased --do_train --max_seq_length=32
--max_predictions_per_seq=5 --max_steps={STEPS} --warmup_proportion={RATE["warmup"]} --learning_rate={RATE["rate"]}
--json-summary {{out}}/log/dllogger.json --disable_progress_bar"""
# Attention stays what it is when all of a head's keys move alike, so the true gradient of their bias is 0. What is
# computed is rounding noise, which LAMB, as Adam, turns into steps whose length says nothing.
WITHOUT_GRADIENT = "attention.self.key.bias"


@dataclass(frozen=True)
class Deviations:
    """The largest relative ones: of each step's loss, of each step's learning rate, of a weight's norm in the end."""

    loss: float
    rate: float
    weights: float

    def within(self, loss: float, weights: float) -> bool:
        return self.loss <= loss and self.weights <= weights and self.rate <= 1e-12


@dataclass(frozen=True)
class Run:
    """One training, and the same by the upstream's model. A step takes `parts` micro batches of each process."""

    folder: Path
    processes: int
    parts: int

    def deviations(self, port: Path, upstream: Path, *options: str) -> Deviations:
        write_config(self.folder / "bert_config.json")
        shards, sizes = self._shards(), [f"--train_batch_size={SAMPLES * self.parts}"]
        sizes += [f"--gradient_accumulation_steps={self.parts}"]
        run = self.folder / "run"
        found = train(port, WORDS, self.folder, run, *sizes, *options, processes=self.processes)
        return _deviations(found, self._expected(upstream, shards))

    def _shards(self) -> list[list[list[str]]]:
        """For each step, for each process, the shards it takes. The last ones are only ever read ahead."""
        (self.folder / "shards").mkdir()
        taken = STEPS * self.parts
        files = [self.folder / "shards" / f"training_{n:03}.hdf5" for n in range((taken + 1) * self.processes)]
        for number, file in enumerate(files):
            write_shard(file, samples=SAMPLES, seed=number)
        random.Random(42).shuffle(files)  # by the seed and the number of the epoch, which is 0
        names = [[str(file) for file in files[rank :: self.processes]] for rank in range(self.processes)]
        return [[own[first : first + self.parts] for own in names] for first in range(0, taken, self.parts)]

    def _expected(self, upstream: Path, shards: list[list[list[str]]]) -> Any:
        seed = 41 if self.processes == 1 else 42  # 42 and the rank, which is -1 for a process alone
        told = {"config": str(self.folder / "bert_config.json"), "seed": seed, "shards": shards, "rate": RATE}
        (self.folder / "told.json").write_text(json.dumps(told))
        on_upstream("train", upstream, self.folder / "told.json", self.folder / "result.npz")
        return np.load(self.folder / "result.npz")


def on_upstream(*words: str | Path) -> str:
    """The last line that a command of upstream_on_cpu prints."""
    command = [sys.executable, "-m", "tests.upstream.upstream_on_cpu", *map(str, words)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def _deviations(found: Trained, expected: Any) -> Deviations:
    """The script logs rank 0's loss of a step, and of the last one the mean of all ranks'."""
    torch = pytest.importorskip("torch")
    checkpoint = torch.load(found.checkpoint(STEPS), map_location="cpu", weights_only=True)
    rates = [*found.logged("learning_rate")[1:], checkpoint["optimizer"]["param_groups"][0]["lr"]]
    names = [name for name in expected.files if name.startswith("weights ") and not name.endswith(WITHOUT_GRADIENT)]
    assert len(names) == len(checkpoint["model"]) - 3  # two layers' biases of keys, and a weight that is there twice
    of_weights = []
    for name in names:
        difference = checkpoint["model"][name.removeprefix("weights ")].double().numpy() - expected[name]
        of_weights.append(float(np.linalg.norm(difference) / np.linalg.norm(expected[name])))
    losses = [*expected["losses"][:-1, 0], expected["losses"][-1].mean()]
    return Deviations(_largest(found.losses, losses), _largest(rates, expected["rates"]), max(of_weights))


def _largest(found: list[float], expected: Any) -> float:
    assert len(found) == len(expected) == STEPS
    return float(np.max(np.abs(np.subtract(found, expected)) / np.maximum(np.abs(expected), 1e-12)))
