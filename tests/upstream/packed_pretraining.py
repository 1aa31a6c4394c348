"""NVIDIA BERT's pre-training on packed data as people start it, with smaller sizes, and such data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from migrator.packing.memory import Memory, default_memory
from migrator.packing.pack import pack
from migrator.packing.request import Packing, Reading, Request
from tests.upstream.bert_data import write_config, write_shard, write_text_shard
from tests.upstream.pretraining import Trained, train
from tests.upstream.published import PACKED
from tests.upstream.reduction import arguments, reduced

ROOT = Path(__file__).resolve().parents[2]
# Packed data take no option. Rows of 32 tokens hold 1.7 sequences here: 4 accumulation steps become 2.
PACKED1 = arguments(
    PACKED["phase1-bf16-packed", "gaudi"],
    train_batch_size=16,
    gradient_accumulation_steps=4,
    num_steps_per_checkpoint=2,
).replace(" --fp16", "")
CHECKPOINTS = Path("results") / "checkpoints"


def pack_folder(source: Path, target: Path, row_length: int | None = None, per_row: int | None = None) -> Path:
    """Pack a folder of shards with all of its sequences; `target` and its metadata come to be."""
    memory = Memory(default_memory(1), 1)
    pack(Request(source, target, Reading(row_length=row_length), Packing(per_row=per_row)), memory)
    return target


def pack_as_typed(port: Path, typed: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run a published packing command in the recipe's folder, with smaller sizes. It needs no device."""
    _, *words = (word.format(data=data) for word in reduced(typed))
    command = [sys.executable, *words]
    variables = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    return subprocess.run(command, cwd=port, env=variables, capture_output=True, text=True, check=False)


def metadata(folder: Path) -> dict[str, Any]:
    """What stands beside a packed folder."""
    return dict(json.loads(folder.with_name(f"{folder.name}_metadata.json").read_text(encoding="utf-8")))


def write_texts(folder: Path, *, samples: int = 60) -> Path:
    """The model's description, and two shards for each phase, with lengths as texts have them; not packed."""
    write_config(folder / "bert_config.json")
    for phase, length, masked in (("phase1", 32, 5), ("phase2", 64, 10)):
        (folder / phase).mkdir()
        for number in range(2):
            path = folder / phase / f"books_wiki_en_corpus_training_{number}.hdf5"
            write_text_shard(path, samples=samples, length=length, masked=masked, seed=number)
    return folder


def write_packed(folder: Path) -> Path:
    """The same, with the packed folders beside the others."""
    write_texts(folder)
    for phase in ("phase1", "phase2"):
        pack_folder(folder / phase, folder / f"{phase}_packed")
    return folder


def write_even(folder: Path, samples: int = 12, shards: int = 4) -> Path:
    """Data in which every row is the same, so that no order matters, and packed rows of 64 tokens with two each."""
    write_config(folder / "bert_config.json")
    (folder / "phase1").mkdir()
    for number in range(shards):
        write_shard(folder / "phase1" / f"training_{number}.hdf5", samples=samples, distinct=1)
    packed = pack_folder(folder / "phase1", folder / "phase1_packed", row_length=64, per_row=2)
    assert metadata(packed)["avg_seq_per_sample"] == 2.0
    return folder


def gone_on(port: Path, words: str, data: Path, whole: Trained, out: Path, step: int, *options: str) -> Trained:
    """A run that goes on from a checkpoint of another."""
    (out / CHECKPOINTS).mkdir(parents=True)
    shutil.copy(whole.checkpoint(step), out / CHECKPOINTS)
    return train(port, words, data, out, *options, "--resume_from_checkpoint")


def model_of(trained: Trained, step: int) -> dict[str, Any]:
    """The weights in a checkpoint."""
    import torch  # noqa: PLC0415 - the fixtures skip without it

    return dict(torch.load(trained.checkpoint(step), map_location="cpu", weights_only=False)["model"])


def equal_bits(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two models' weights are the same to the last bit."""
    return one.keys() == other.keys() and all(bool((one[name] == other[name]).all()) for name in one)
