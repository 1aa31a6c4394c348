"""Checkpoints at stage packed: of packed and of unpacked data, of stage minimal, and of data that are now packed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.upstream.packed_pretraining import equal_bits, gone_on, model_of, write_even
from tests.upstream.pretraining import PHASE1, Trained, train

pytestmark = pytest.mark.upstream
UNPACKED = PHASE1.replace("--max_steps=4", "--max_steps=6")
# Rows of two sequences: 4 accumulation steps become 2.
PACKED = UNPACKED.replace("{data}/phase1 ", "{data}/phase1_packed ").replace("length=32", "length=64")
PACKED = PACKED.replace("size=8", "size=16").replace("accumulation_steps=2", "accumulation_steps=4")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All rows are the same: neither the upstream nor the port keeps the order of rows in a checkpoint."""
    return write_even(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def of_minimal(bert_minimal: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Unpacked data, at stage minimal: step 2 ends within the second of four files."""
    return train(bert_minimal, UNPACKED, data, tmp_path_factory.mktemp("minimal"))


def goes_on(part: Trained, whole: Trained, step: int) -> bool:
    """As if it had not been interrupted, to the last bit."""
    same_rates = part.logged("learning_rate")[1:] == whole.logged("learning_rate")[1 + step :]
    return same_rates and part.losses == whole.losses[step:] and equal_bits(model_of(part, 6), model_of(whole, 6))


def test_a_packed_run_goes_on_in_the_middle_of_a_file(bert_packed: Path, data: Path, tmp_path: Path) -> None:
    whole = train(bert_packed, PACKED, data, tmp_path / "whole")
    part = gone_on(bert_packed, PACKED, data, whole, tmp_path / "part", 2)
    assert "resume step from  2" in part.ended.out
    assert goes_on(part, whole, 2)


def test_a_checkpoint_of_stage_minimal(bert_packed: Path, data: Path, of_minimal: Trained, tmp_path: Path) -> None:
    part = gone_on(bert_packed, UNPACKED, data, of_minimal, tmp_path, 2)
    assert part.logged("resume") == []
    assert goes_on(part, of_minimal, 2)


@pytest.mark.slow
def test_stage_minimal_takes_one_of_unpacked_data(
    bert_minimal: Path, bert_packed: Path, data: Path, of_minimal: Trained, tmp_path: Path
) -> None:
    whole = train(bert_packed, UNPACKED, data, tmp_path / "whole")
    assert goes_on(gone_on(bert_minimal, UNPACKED, data, whole, tmp_path / "part", 2), of_minimal, 2)


def test_data_that_are_packed_now(bert_packed: Path, data: Path, of_minimal: Trained, tmp_path: Path) -> None:
    """The rest of the epoch is not trained on unpacked files, in updates of half the size: it begins anew."""
    part = gone_on(bert_packed, PACKED, data, of_minimal, tmp_path, 2)
    assert part.logged("resume") == ["the checkpoint is of other data: its epoch begins anew"]
    assert len(part.losses) == 4
    torch = pytest.importorskip("torch")
    ended = torch.load(part.checkpoint(6), map_location="cpu", weights_only=True)
    assert all("phase1_packed" in file for file in ended["files"][1:])
