"""The published commands of NVIDIA BERT's pre-training with smaller sizes, and what a run of them leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.upstream.bert_data import write_config, write_shard
from tests.upstream.running import Ended, free_port, run

# https://github.com/HabanaAI/Model-References/tree/master/PyTorch/nlp/bert: paths, sizes and numbers of
# processes are smaller here, all else is as it is there.
PHASE1 = """--input_dir={data}/phase1 --output_dir={out}/results/checkpoints/ --config_file={data}/bert_config.json
--bert_model=bert-large-uncased --train_batch_size=8 --max_seq_length=32 --max_predictions_per_seq=5 --max_steps=4
--warmup_proportion=0.2843 --num_steps_per_checkpoint=2 --learning_rate=6e-3 --gradient_accumulation_steps=2
--do_train --json-summary {out}/log/dllogger.json --allreduce_post_accumulation --allreduce_post_accumulation_fp16"""
PHASE2 = """--do_train --bert_model=bert-large-uncased --config_file={data}/bert_config.json
--allreduce_post_accumulation --allreduce_post_accumulation_fp16 --json-summary={out}/log/dllogger.json
--output_dir={out}/results/checkpoints/ --input_dir={data}/phase2/ --train_batch_size=4 --max_seq_length=64
--max_predictions_per_seq=10 --warmup_proportion=0.128 --max_steps=2 --num_steps_per_checkpoint=200
--learning_rate=0.004 --gradient_accumulation_steps=2 --phase1_end_step=4 --phase2"""


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


def train(
    port: Path, words: str, data: Path, out: Path, *more: str | Path, processes: int = 1, mode: str = "lazy"
) -> Trained:
    """Run the port's run_pretraining.py in `out`; two processes come from torch's launcher, as in the commands."""
    out.mkdir(exist_ok=True)
    arguments = [word.format(data=data, out=out) for word in words.split()]
    launcher: Sequence[str] = ("--count", "--json", str(out / "counts.json"))
    if processes > 1:
        launcher = (*launcher, "-m", "torch.distributed.launch", f"--nproc_per_node={processes}")
        launcher = (*launcher, f"--master_port={free_port()}")
    return Trained(out, run(out, port / "run_pretraining.py", *arguments, *more, launcher=launcher, mode=mode))
