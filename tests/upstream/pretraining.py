"""NVIDIA BERT's pre-training as people start it, with smaller sizes, and what a run of it leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.upstream.bert_data import write_config, write_shard
from tests.upstream.published import UNPACKED
from tests.upstream.reduction import arguments, reduced
from tests.upstream.running import Ended, free_port, run

# In float32, unless a test adds --fp16, and with even smaller sizes than the published commands have in reduction.py.
PHASE1 = arguments(
    UNPACKED["phase1-fp32", "gaudi"],
    train_batch_size=8,
    gradient_accumulation_steps=2,
    num_steps_per_checkpoint=2,
)
PHASE2 = arguments(UNPACKED["phase2-bf16", "gaudi"], train_batch_size=4, gradient_accumulation_steps=2)
PHASE2 = PHASE2.replace(" --fp16", "")


@dataclass(frozen=True)
class Trained:
    """What a run has printed, written to its log, and counted."""

    folder: Path
    ended: Ended

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The log's records, of rank 0."""
        lines = (self.folder / "log" / "dllogger.json").read_text(encoding="utf-8").splitlines()
        return [json.loads(line.removeprefix("DLLL ")) for line in lines]

    def logged(self, metric: str) -> list[Any]:
        """The values of a metric, in their order."""
        return [record["data"][metric] for record in self.records if metric in record.get("data", {})]

    @property
    def losses(self) -> list[float]:
        """The mean loss of each step, of rank 0; of all ranks for the last."""
        return [*self.logged("average_loss"), self.logged("final_loss")[0]]

    @property
    def counted(self) -> list[dict[str, Any]]:
        """What each process counted."""
        found: list[dict[str, Any]] = json.loads((self.folder / "counts.json").read_text())["processes"]
        return found

    def checkpoint(self, step: int) -> Path:
        """The checkpoint of a step."""
        return self.folder / "results" / "checkpoints" / f"ckpt_{step}.pt"


def write_data(folder: Path, *, samples: int = 12, distinct: int | None = None) -> Path:
    """The model's description and four shards for each phase; with one distinct sample order cannot matter."""
    write_config(folder / "bert_config.json")
    for phase, length, masked in (("phase1", 32, 5), ("phase2", 64, 10)):
        (folder / phase).mkdir()
        for number in range(4):
            path = folder / phase / f"books_wiki_en_corpus_training_{number}.hdf5"
            seed = 0 if distinct else number
            write_shard(path, samples=samples, length=length, masked=masked, seed=seed, distinct=distinct)
    return folder


def launch(port: Path, typed: str, data: Path, out: Path) -> Trained:
    """Run a published command in the recipe's folder, word for word but for its paths, sizes and processes."""
    out.mkdir(exist_ok=True)
    python, *words = (word.format(data=data, out=out) for word in reduced(typed))
    assert python == "PY"
    counts = ("--count", "--json", str(out / "counts.json"))
    variables = {"PET_MASTER_PORT": str(free_port())}  # torch's word for --master_port: others may run beside it
    return Trained(out, run(port, *words, launcher=counts, variables=variables))


def train(
    port: Path,
    words: str,
    data: Path,
    out: Path,
    *more: str | Path,
    processes: int = 1,
    mode: str = "lazy",
    release: str | None = None,
) -> Trained:
    """Run the port's run_pretraining.py in `out`; two processes come from torch's launcher, as in the commands."""
    out.mkdir(exist_ok=True)
    arguments = [word.format(data=data, out=out) for word in words.split()]
    launcher: Sequence[str] = ("--count", "--json", str(out / "counts.json"))
    if release:
        launcher = (*launcher, "--release", release)
    if processes > 1:
        launcher = (*launcher, "-m", "torch.distributed.launch", f"--nproc_per_node={processes}")
        launcher = (*launcher, f"--master_port={free_port()}")
    return Trained(out, run(out, port / "run_pretraining.py", *arguments, *more, launcher=launcher, mode=mode))


def keeps_moments(begun: Path, ended: Path, steps: int) -> bool:
    """Whether a checkpoint's optimizer went on from another's: the second moment keeps 0.999 of itself each step."""
    import torch  # noqa: PLC0415 - the fixtures skip without it

    before, after = (
        torch.load(path, map_location="cpu", weights_only=True)["optimizer"]["state"] for path in (begun, ended)
    )
    kept = 0.999**steps * (1 - 1e-5)
    assert before.keys() == after.keys()
    return all(bool((after[key]["exp_avg_sq"] >= before[key]["exp_avg_sq"] * kept).all()) for key in before)
