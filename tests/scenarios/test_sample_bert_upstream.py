"""The embedded upstream is what the migration is shown on: it must train, and hold the constructs a port meets."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from migrator.resources import data_root

SAMPLE = data_root() / "upstream_pins" / "sample-bert"
SOURCES = sorted(SAMPLE.glob("*.py"))
STEPS = 20

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")

# What a port from CUDA has to deal with, as it is written in the sources.
CUDA_CODE = {
    "run_pretraining.py": {
        "amp.initialize",
        "amp.load_state_dict",
        "amp.master_params",
        "amp.scale_loss",
        "amp.state_dict",
        "ApexDDP",
        "DDP",
        "dist.init_process_group",
        "loss.backward",
        "loss.item",
        "model.no_sync",
        "optimizer.step",
        "optimizer.zero_grad",
        "scaled_loss.backward",
        "scaler.load_state_dict",
        "scaler.scale",
        "scaler.state_dict",
        "scaler.step",
        "scaler.unscale_",
        "scaler.update",
        "t.to",
        "torch.backends.cudnn.benchmark",
        "torch.cuda.amp.autocast",
        "torch.cuda.amp.GradScaler",
        "torch.cuda.device_count",
        "torch.cuda.empty_cache",
        "torch.cuda.get_device_name",
        "torch.cuda.get_rng_state",
        "torch.cuda.is_available",
        "torch.cuda.manual_seed_all",
        "torch.cuda.max_memory_allocated",
        "torch.cuda.set_device",
        "torch.cuda.set_rng_state",
        "torch.cuda.synchronize",
        "torch.device",
        "torch.load",
        "torch.nn.utils.clip_grad_norm_",
    },
    "data.py": {
        "DataLoader",
        "t.cuda",
        "t.record_stream",
        "torch.cuda.current_stream",
        "torch.cuda.stream",
        "torch.cuda.Stream",
    },
    "dist_utils.py": {"dist.all_gather_object", "dist.all_reduce", "dist.get_backend", "tensor.cuda"},
    "modeling.py": {"BertLayerNorm", "checkpoint", "torch.erf", "torch.softmax", "torch.tanh"},
    "optimization.py": {"FusedAdam", "FusedLAMB", "torch.optim.AdamW"},
}

# Device names in expressions, written in each of the ways people write them.
DEVICE_CODE = {
    "torch.device('cuda', args.local_rank)",
    "torch.device('cuda' if args.use_cuda else 'cpu')",
    "dist.init_process_group(backend='nccl', init_method='env://')",
    "DDP(model, device_ids=[args.local_rank], output_device=args.local_rank)",
    "'cuda:{}'.format(max(args.local_rank, 0))",
    "f'cuda:{max(args.local_rank, 0)}'",
}

# Words that only contain the name of the platform; a port must leave them alone.
NAMES_ONLY = {
    "--no_cuda",
    "CUDA is not available",
    "CUDA_VISIBLE_DEVICES",
    "cuda_visible",
    "notes/cuda.html#cuda-streams",
}


def run(*command: object, cwd: Path) -> str:
    """Run a command without writing byte code into the upstream; its output is shown when it fails."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_data(folder: Path, *options: object) -> Path:
    run(sys.executable, SAMPLE / "make_synthetic_data.py", "--output_dir", folder, *options, cwd=folder.parent)
    return folder


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "data"
    return make_data(folder, "--shards", 2, "--samples", 128, "--seq_len", 32, "--max_pred", 5)


def train(shards: Path, output: Path, *options: object) -> list[float]:
    """Train on the CPU and return the loss of every update."""
    summary = output.with_suffix(".jsonl")
    run(
        *(sys.executable, SAMPLE / "run_pretraining.py", "--no_cuda", "--num_workers", 0, "--log_freq", 1),
        *("--input_dir", shards, "--output_dir", output, "--config_file", SAMPLE / "configs" / "bert_tiny.json"),
        *("--max_seq_length", 32, "--max_predictions_per_seq", 5, "--train_batch_size", 16),
        *("--optimizer", "adamw", "--learning_rate", "4e-3", "--max_steps", STEPS, "--num_steps_per_checkpoint", 10),
        *("--json-summary", summary, *options),
        cwd=output.parent,
    )
    return [json.loads(line)["loss"] for line in summary.read_text().splitlines()]


def code_of(source: Path) -> set[str]:
    """Every called name, attribute chain, call and string of a file, as `ast.unparse` writes it."""
    wanted = (ast.Call, ast.Attribute, ast.JoinedStr)
    found = {ast.unparse(node) for node in ast.walk(ast.parse(source.read_bytes())) if isinstance(node, wanted)}
    return found | {text.split("(")[0] for text in found}


@needs_torch
def test_loss_falls_and_a_resumed_run_repeats_it(shards: Path, tmp_path: Path) -> None:
    losses = train(shards, tmp_path / "whole")
    assert len(losses) == STEPS
    assert np.mean(losses[-3:]) < np.mean(losses[:3]) - 0.5

    resumed = tmp_path / "resumed"
    resumed.mkdir()
    (tmp_path / "whole" / "ckpt_10.pt").rename(resumed / "ckpt_10.pt")
    assert train(shards, resumed, "--resume_from_checkpoint") == losses[10:]


def test_shards_have_the_format_of_real_data(shards: Path) -> None:
    files = sorted(shards.glob("*.hdf5"))
    assert len(files) == 2
    with h5py.File(files[0]) as file:
        data = {name: dataset[:] for name, dataset in file.items()}
    widths = {"input_ids": 32, "input_mask": 32, "segment_ids": 32, "masked_lm_positions": 5, "masked_lm_ids": 5}
    assert {name: array.shape for name, array in data.items()} == {
        **{name: (128, width) for name, width in widths.items()},
        "next_sentence_labels": (128,),
    }
    lengths = data["input_mask"].sum(axis=1)
    assert np.array_equal(data["input_mask"], np.arange(32) < lengths[:, None])
    assert lengths.min() < 16
    assert lengths.max() == 32
    assert np.all(data["masked_lm_positions"] < lengths[:, None])
    assert set(data["next_sentence_labels"]) == {0, 1}


def test_one_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    options = ("--shards", 1, "--samples", 8, "--seq_len", 16, "--max_pred", 3, "--seed")
    first, again, other = (
        next(make_data(tmp_path / name, *options, seed).glob("*.hdf5")).read_bytes()
        for name, seed in (("first", 7), ("again", 7), ("other", 8))
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_every_source_parses(source: Path) -> None:
    assert ast.parse(source.read_bytes()).body


@pytest.mark.parametrize("name", sorted(CUDA_CODE))
def test_cuda_constructs_are_there(name: str) -> None:
    assert CUDA_CODE[name] - code_of(SAMPLE / name) == set()


def test_device_names_are_written_in_every_way() -> None:
    assert DEVICE_CODE - code_of(SAMPLE / "run_pretraining.py") == set()


def test_words_that_only_contain_cuda_are_there() -> None:
    text = "".join(source.read_text() for source in SOURCES)
    assert {word for word in NAMES_ONLY if word not in text} == set()


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_line_endings_and_indentation(source: Path) -> None:
    data = source.read_bytes()
    assert data.count(b"\r\n") == (data.count(b"\n") if source.name == "data.py" else 0)
    indents = set(re.findall(rb"^([ \t])", data, re.MULTILINE))
    assert indents == {b"\t" if source.name == "optimization.py" else b" "}


def test_launch_script_is_executable() -> None:
    script = SAMPLE / "scripts" / "run_pretraining.sh"
    assert os.access(script, os.X_OK)
    assert script.read_bytes().startswith(b"#!")


def test_git_keeps_the_line_endings(tmp_path: Path) -> None:
    attributes = data_root() / ".gitattributes"
    if not attributes.is_file():
        pytest.skip("not a clone of the repository")
    copy = tmp_path / "upstream_pins" / "sample-bert" / "data.py"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((SAMPLE / "data.py").read_bytes())
    (tmp_path / ".gitattributes").write_bytes(attributes.read_bytes())
    run("git", "init", "--quiet", cwd=tmp_path)
    run("git", "-c", "core.autocrlf=true", "add", ".", cwd=tmp_path)
    staged = subprocess.run(
        ["git", "cat-file", "blob", ":upstream_pins/sample-bert/data.py"], cwd=tmp_path, capture_output=True, check=True
    )
    assert staged.stdout == copy.read_bytes()
