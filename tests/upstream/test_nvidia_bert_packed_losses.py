"""At stage packed: the same loss and gradients for packed rows and for the same sequences in rows of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.upstream.packed_pretraining import pack_folder, write_texts
from tests.upstream.running import run

pytestmark = pytest.mark.upstream
SCRIPT = Path(__file__).with_name("batch_losses.py")
ROWS = 4


@pytest.fixture(scope="module")
def found(bert_packed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """fp32, no dropout, rows of 64 tokens and of as many sequences as fit, unpacked rows of 32."""
    folder = write_texts(tmp_path_factory.mktemp("losses"), samples=24)
    packed = pack_folder(folder / "phase1", folder / "packed", row_length=64, per_row=8)
    done = run(folder, SCRIPT, bert_packed, folder / "bert_config.json", folder / "phase1", packed, str(ROWS))
    return dict(json.loads(done.out.splitlines()[-1]))


def test_every_sequence_is_compared(found: dict[str, Any]) -> None:
    assert found["left"] == 0
    packed, looked_up = np.transpose(found["counts"])
    assert packed.tolist() == looked_up.tolist()
    assert packed.sum() == 2 * 24
    assert packed.max() > 2 * ROWS


def test_the_loss_of_each_micro_batch(found: dict[str, Any]) -> None:
    packed, unpacked = np.transpose(found["losses"])
    assert len(packed) > 3
    assert packed == pytest.approx(unpacked, rel=1e-6)
    assert len(set(packed)) == len(packed)


def test_the_gradients_of_each_micro_batch(found: dict[str, Any]) -> None:
    """Sums over rows come in another order: below 1e-7 of a gradient's length."""
    assert max(found["gradients"]) < 1e-6


def test_rows_that_fill_up_a_batch_do_not_count(found: dict[str, Any]) -> None:
    filled, exact = np.transpose(found["filled"])
    assert filled == pytest.approx(exact, rel=1e-6)


def test_a_batch_of_nothing_has_a_loss_of_0_and_gradients_of_0(found: dict[str, Any]) -> None:
    assert found["blank"] == [0.0, 0.0]
