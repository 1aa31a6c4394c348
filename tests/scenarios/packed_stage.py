"""The embedded trainer before and after stage packed, and short runs of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from migrator.config import make_target
from migrator.core.layers import StageResult
from migrator.core.stages import apply_stage
from migrator.core.tree import Tree
from migrator.migration import toolbox_for
from migrator.recipes import load_recipe
from migrator.repo.embedded import read_embedded
from migrator.repo.known_pins import load_pin
from migrator.repo.pins import EmbeddedPin

ROW, MASKED = 32, 5  # tokens in a row, and the most masked tokens of a sequence
STEPS = 10


def upstream_tree() -> Tree:
    """The trainer as it is embedded."""
    pin = load_pin("sample-bert")
    assert isinstance(pin, EmbeddedPin)
    return read_embedded(pin)


def apply_packed(base: str) -> tuple[Tree, StageResult]:
    """The tree of `base`, "upstream" or "minimal", and what the stage makes of it."""
    upstream, toolbox = upstream_tree(), toolbox_for(make_target(None, None, None, None))
    minimal, packed, *_ = load_recipe("sample-bert").stages
    before = upstream if base == "upstream" else apply_stage(minimal, upstream, upstream, toolbox).tree
    return before, apply_stage(packed, before, upstream, toolbox)


def write_tree(tree: Tree, folder: Path) -> Path:
    """Write the files into `folder`, and return it."""
    for path, entry in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(entry.data)
    return folder


def options(folder: Path, data: Path, output: Path, *more: object) -> list[str]:
    """The trainer's arguments for a short run; its log lines go to a file beside `output`."""
    given = (
        *("--num_workers", 0, "--log_freq", 1, "--config_file", folder / "configs" / "bert_tiny.json"),
        *("--input_dir", data, "--output_dir", output, "--json-summary", output.with_suffix(".jsonl")),
        *("--max_seq_length", ROW, "--max_predictions_per_seq", MASKED, "--max_steps", STEPS),
        *("--optimizer", "adamw", "--learning_rate", "4e-3", *more),
    )
    return [str(option) for option in given]


def run_trainer(
    folder: Path, arguments: Sequence[str], script: str = "run_pretraining.py", cards: int = 1
) -> subprocess.CompletedProcess[str]:
    """Run one of the trainer's scripts to its end, on the CPU."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={cards}"] if cards > 1 else []
    command = [sys.executable, *launcher, str(folder / script), *arguments, "--no_cuda"]
    return subprocess.run(command, env=env, text=True, capture_output=True, check=False)


def train(folder: Path, data: Path, output: Path, *more: object, cards: int = 1) -> tuple[list[dict[str, Any]], str]:
    """Train in a process of its own, on the CPU; return the log lines as JSON, and the log."""
    done = run_trainer(folder, options(folder, data, output, *more), cards=cards)
    assert done.returncode == 0, done.stdout + done.stderr
    return log_lines(output), done.stderr


def log_lines(output: Path) -> list[dict[str, Any]]:
    """What a run wrote to its summary."""
    return [json.loads(line) for line in output.with_suffix(".jsonl").read_text().splitlines()]
