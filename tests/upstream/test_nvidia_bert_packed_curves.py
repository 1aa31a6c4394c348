"""200 steps on packed data train a model as 200 steps on the same data unpacked do, by its loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.upstream.bert_data import write_config, write_text_shard
from tests.upstream.packed_pretraining import metadata, pack_folder
from tests.upstream.pretraining import train

pytestmark = [pytest.mark.upstream, pytest.mark.slow]
STEPS, WINDOW = 200, 40
WORDS = f"""--output_dir={{out}}/results/checkpoints/ --config_file={{data}}/bert_config.json --do_train
--json-summary {{out}}/log/dllogger.json --max_seq_length=64 --max_predictions_per_seq=10 --max_steps={STEPS}
--warmup_proportion=0.2843 --learning_rate=6e-3 --train_batch_size=32 --gradient_accumulation_steps=4
--disable_progress_bar --skip_checkpoint"""


def windows(losses: list[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each 40 steps: the mean loss, and its standard error around the line through them."""
    rows = np.array(losses).reshape(-1, WINDOW)
    steps = np.arange(WINDOW) - (WINDOW - 1) / 2
    means, slopes = rows.mean(axis=1), rows @ steps / (steps @ steps)
    rest = rows - means[:, None] - slopes[:, None] * steps
    return means, rest.std(axis=1, ddof=2) / WINDOW**0.5


def test_the_loss_falls_alike(bert_packed: Path, tmp_path: Path) -> None:
    """The noise is that of which sequences come when: the standard error of a mean over 40 steps, 0.003 to 0.02.

    The means of both runs may differ by 4 standard errors of their difference, at most 0.12, while the loss falls by
    0.9. Measured: 1.8. From another seed, so from other initial weights, unpacked runs differ by 6 at first.
    """
    write_config(tmp_path / "bert_config.json")
    (tmp_path / "plain").mkdir()
    for number in range(4):
        path = tmp_path / "plain" / f"training_{number}.hdf5"
        write_text_shard(path, samples=1500, length=64, masked=10, seed=number)
    packed = pack_folder(tmp_path / "plain", tmp_path / "packed")
    assert metadata(packed)["avg_seq_per_sample"] == pytest.approx(2.0, rel=0.02)  # 4 accumulation steps become 2
    found = []
    for kind in ("plain", "packed"):
        words = f"--input_dir={{data}}/{kind} {WORDS}"
        found.append(windows(train(bert_packed, words, tmp_path, tmp_path / f"run {kind}").losses))
    (plain, its_error), (other, other_error) = found
    error = np.hypot(its_error, other_error)
    assert error.max() < 0.03
    assert (np.abs(plain - other) < 4 * error).all(), (plain, other, error)
    assert min(plain[0] - plain[-1], other[0] - other[-1]) > 0.7
