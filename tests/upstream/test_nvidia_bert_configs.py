"""The configurations of trainers/nvidia-bert.toml run on the port, with smaller sizes, and their arguments are its."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from migrator.trainer_configs import load_configs
from tests.upstream.pretraining import Trained, write_data
from tests.upstream.running import Ended, free_port, run

pytestmark = pytest.mark.upstream

BERT = "nvidia-bert"
SIZES = {
    "phase1": "train_batch_size=8 gradient_accumulation_steps=2 max_seq_length=32 max_predictions_per_seq=5 "
    "max_steps=4",
    "phase2": "train_batch_size=4 gradient_accumulation_steps=2 max_seq_length=64 max_predictions_per_seq=10 "
    "max_steps=2 phase1_end_step=4",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"), distinct=1)


def configured(port: Path, name: str, data: Path, out: Path, *more: str) -> Ended:
    """Run a configuration with smaller sizes and another model, on two cards by torch.distributed.launch."""
    out.mkdir(exist_ok=True)
    phase = name.partition("-")[0]
    settings = [*SIZES[phase].split(), f"input_dir={data / phase}", f"config_file={data / 'bert_config.json'}"]
    words = [word for setting in settings for word in ("--set", setting)]
    launcher = ("--cards", "2", "--launcher", "launch", f"--launcher-options=--master_port={free_port()}")
    return run(out, port, "--config", name, *launcher, "--out", out, *words, *more)


def logged(out: Path, metric: str) -> list[float]:
    return Trained(out, Ended("", "")).logged(metric)


@pytest.mark.slow
def test_phase_2_goes_on_from_phase_1(bert_minimal: Path, data: Path, tmp_path: Path) -> None:
    configured(bert_minimal, "phase1-bf16", data, tmp_path)
    assert logged(tmp_path, "checkpoint_step") == [4]
    second = configured(bert_minimal, "phase2-bf16", data, tmp_path)
    assert "resume step from  4" in second.out
    assert (tmp_path / "results" / "checkpoints" / "ckpt_6.pt").exists()


@pytest.mark.slow
def test_in_float32(bert_minimal: Path, data: Path, tmp_path: Path) -> None:
    configured(bert_minimal, "phase1-fp32", data, tmp_path)
    configured(bert_minimal, "phase2-fp32", data, tmp_path)
    assert (tmp_path / "results" / "checkpoints" / "ckpt_6.pt").exists()


def test_phase_2_without_phase_1_is_refused_before_it_starts(bert_minimal: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"phase2-bf16 goes on from a checkpoint, and .* has no ckpt_"):
        configured(bert_minimal, "phase2-bf16", data, tmp_path)
    assert not (tmp_path / "log").exists()


def test_phase_1_goes_on_where_it_was_stopped(bert_minimal: Path, data: Path, tmp_path: Path) -> None:
    configured(bert_minimal, "phase1-bf16", data, tmp_path, "--set", "max_steps=2")
    with pytest.raises(AssertionError, match=r"phase1-bf16 begins anew, and .* such as ckpt_2"):
        configured(bert_minimal, "phase1-bf16", data, tmp_path)
    second = configured(bert_minimal, "phase1-bf16", data, tmp_path, "--", "--resume_from_checkpoint")
    assert "resume step from  2" in second.out
    assert logged(tmp_path, "checkpoint_step") == [4]


def test_the_smoke_run(bert_minimal: Path, data: Path, tmp_path: Path) -> None:
    """As it stands, but for the model and the length of its sequences: BERT large takes minutes on a CPU."""
    settings = ["max_seq_length=32", "max_predictions_per_seq=5", f"input_dir={data / 'phase1'}"]
    settings += [f"config_file={data / 'bert_config.json'}"]
    words = [word for setting in settings for word in ("--set", setting)]
    run(tmp_path, bert_minimal, "--config", "smoke", "--out", tmp_path, *words)
    assert len([*logged(tmp_path, "average_loss"), *logged(tmp_path, "final_loss")]) >= 2
    assert not [*(tmp_path / "results" / "checkpoints").glob("*.pt")]
    lines = (tmp_path / "log" / "dllogger.json").read_text(encoding="utf-8").splitlines()
    assert all(json.loads(line.removeprefix("DLLL ")) for line in lines)


def test_the_script_has_the_arguments_of_every_configuration(bert_minimal: Path) -> None:
    module = ast.parse((bert_minimal / "run_pretraining.py").read_bytes())
    options = {
        word.value: {keyword.arg for keyword in call.keywords}
        for call in ast.walk(module)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
        for word in call.args
        if isinstance(word, ast.Constant)
    }
    checked = [each for each in load_configs(BERT).configurations if each.entry.script == "run_pretraining.py"]
    assert len(checked) == 9
    for configuration in checked:
        assert set(configuration.entry.local_rank) <= options.keys()
        for argument, value in configuration.arguments.items():
            assert isinstance(value, bool) == ("action" in options[f"--{argument}"]), argument
