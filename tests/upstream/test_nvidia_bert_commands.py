"""Every published command of nvidia-bert, as it is typed, at every stage that has it; only sizes and paths are others.

| commands | minimal | packed, performance |
|---|---|---|
| pack-phase1, pack-phase2 | there is no such script | pack |
| phase1-bf16, then phase2-bf16; phase1-fp32 | train | train |
| phase1-bf16-packed, then phase2-bf16-packed with the batch of Gaudi or of Gaudi 2 | refused | train |
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.upstream.learning_rate import warm_up_and_decay
from tests.upstream.packed_pretraining import metadata, pack_as_typed, write_packed, write_texts
from tests.upstream.pretraining import Trained, keeps_moments, launch
from tests.upstream.published import PACKED, PACKING, PUBLISHED, UNPACKED
from tests.upstream.reduction import reduced
from tests.upstream.running import Ended

pytestmark = pytest.mark.upstream
STAGES = pytest.mark.parametrize(
    "stage", [*(pytest.param(stage, marks=pytest.mark.slow) for stage in ("minimal", "packed")), "performance"]
)
PACKED_RUNS = [
    ("performance", "gaudi2"),
    pytest.param("packed", "gaudi", marks=pytest.mark.slow),
    pytest.param("packed", "gaudi2", marks=pytest.mark.slow),
    pytest.param("performance", "gaudi", marks=pytest.mark.slow),
]
REFUSED = [
    pytest.param(typed, id="-".join(key), marks=[pytest.mark.slow] * key[0].startswith("phase2"))
    for key, typed in PACKED.items()
]
OTHERS = {
    *("--nproc_per_node", "--input_dir", "--output_dir", "--output-dir", "--config_file", "--json-summary"),
    *("--train_batch_size", "--gradient_accumulation_steps", "--max_steps", "--phase1_end_step"),
    *("--max_seq_length", "--max_sequence_length", "--max_predictions_per_seq", "--max_predictions_per_sequence"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_packed(tmp_path_factory.mktemp("data"))


@pytest.fixture
def port(stage: str, request: pytest.FixtureRequest) -> Path:
    """The recipe's folder. Not to be changed."""
    return Path(request.getfixturevalue(f"bert_{stage}"))


@pytest.mark.parametrize("typed", PUBLISHED.values(), ids=map("-".join, PUBLISHED))
def test_only_paths_sizes_and_the_number_of_processes_are_others(typed: str) -> None:
    words, run = typed.split(), reduced(typed)
    changed = {
        word.partition("=")[0] if "=" in word else before
        for before, word, other in zip(["", *words[:-1]], words, run, strict=True)
        if word != other
    }
    assert changed <= OTHERS


def options(typed: str) -> dict[str, str]:
    """A reduced command's options that have a value after `=`."""
    return dict(word.split("=", 1) for word in reduced(typed) if "=" in word)


def trains(trained: Trained, typed: str, mean: float = 1) -> None:
    """The steps, schedule, precision and checkpoint that were asked for; `mean` sequences are in a row."""
    asked = options(typed)
    steps, accumulated = int(asked["--max_steps"]), int(asked["--gradient_accumulation_steps"])
    assert len(trained.losses) == steps
    assert all(0 < loss < math.inf for loss in trained.losses)
    schedule = {"rate": float(asked["--learning_rate"]), "warmup": float(asked["--warmup_proportion"]), "steps": steps}
    rates = [warm_up_and_decay(step, **schedule) for step in range(1, steps)]
    assert trained.logged("learning_rate")[1:] == pytest.approx(rates, rel=1e-12)
    marks = [counted["step_marks"] - counted["library_step_marks"] for counted in trained.counted]
    assert marks == [steps * (round(accumulated / mean) + 1)] * int(asked["--nproc_per_node"])
    assert f"16-bits training: {'--fp16' in typed}\n" in trained.ended.out
    assert trained.checkpoint(steps + int(asked.get("--phase1_end_step", 0))).exists()


@STAGES
def test_phase_1_and_phase_2_after_it(port: Path, data: Path, tmp_path: Path) -> None:
    first, second = UNPACKED["phase1-bf16", "gaudi"], UNPACKED["phase2-bf16", "gaudi"]
    phase1 = launch(port, first, data, tmp_path)
    trains(phase1, first)
    phase2 = launch(port, second, data, tmp_path)
    assert "resume step from  4" in phase2.ended.out
    trains(phase2, second)
    assert keeps_moments(phase1.checkpoint(4), phase2.checkpoint(6), steps=2)


@STAGES
def test_phase_1_in_float32(port: Path, data: Path, tmp_path: Path) -> None:
    typed = UNPACKED["phase1-fp32", "gaudi"]
    trains(launch(port, typed, data, tmp_path), typed)


@pytest.mark.parametrize(("stage", "chip"), PACKED_RUNS)
def test_packing_and_both_phases_on_what_it_made(port: Path, chip: str, tmp_path: Path) -> None:
    """Phase 2 with the batch for Gaudi or for Gaudi 2."""
    (tmp_path / "data").mkdir()
    data = write_texts(tmp_path / "data")
    for typed in PACKING.values():
        ended = pack_as_typed(port, typed, data)
        assert ended.returncode == 0, ended.stderr
    made = [metadata(data / f"{phase}_packed") for phase in ("phase1", "phase2")]
    assert [packed["number_of_sequences"] for packed in made] == [2 * 60] * 2
    first, second = PACKED["phase1-bf16-packed", "gaudi"], PACKED["phase2-bf16-packed", chip]
    phase1 = launch(port, first, data, tmp_path)
    trains(phase1, first, made[0]["avg_seq_per_sample"])
    phase2 = launch(port, second, data, tmp_path)
    assert "resume step from  4" in phase2.ended.out
    trains(phase2, second, made[1]["avg_seq_per_sample"])
    assert keeps_moments(phase1.checkpoint(4), phase2.checkpoint(6), steps=2)
    assert f"{options(second)['--train_batch_size']} asked for" in phase2.logged("packed")[0]


@pytest.mark.parametrize("typed", PACKING.values(), ids=map("-".join, PACKING))
def test_packing_comes_with_stage_packed(bert_minimal: Path, data: Path, typed: str) -> None:
    ended = pack_as_typed(bert_minimal, typed, data)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "No such file" in line


@pytest.mark.parametrize("typed", REFUSED)
def test_minimal_refuses_packed_data_in_one_line(bert_minimal: Path, data: Path, tmp_path: Path, typed: str) -> None:
    """Each process says it of the file that it would read."""
    with pytest.raises(AssertionError) as caught:
        launch(bert_minimal, typed, data, tmp_path)
    folder = options(typed)["--input_dir"].format(data=data)
    said = [line for line in str(caught.value).splitlines() if f"{folder}/packed_training_" in line]
    assert said  # a process that is later may be ended by the launcher before it comes to this
    needs = "holds packed data, for which this port has to be applied at level packed: "
    assert all(line.startswith(folder) for line in said)  # and not with an exception's name
    assert all(line.endswith(f".hdf5 {needs}migrate apply nvidia-bert --level packed") for line in said)
    assert Trained(tmp_path, Ended("", "")).logged("step_loss") == []
