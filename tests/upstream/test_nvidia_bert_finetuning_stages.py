"""NVIDIA BERT's scripts of fine-tuning after stage minimal: they train, and their losses are those of stage minimal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.upstream.bert_finetuning import Bert, weights
from tests.upstream.packed_pretraining import equal_bits

pytestmark = pytest.mark.upstream

SQUAD, *OTHERS = ("run_squad.py", "run_glue.py", "run_swag.py")
TRAINED = ("--do_train", "--num_train_epochs", "4", "--learning_rate", "1e-3")
EVALUATED = {SQUAD: ("--do_predict", "--do_eval"), **dict.fromkeys(OTHERS, ("--do_eval",))}


def trained(bert: Bert, code: Path, script: str, *more: str) -> Bert:
    """A training with a stage's script, in a folder of its own, and its evaluation."""
    one = replace(bert, code=code).another(code.parent.name)
    one.run(script, *TRAINED, *EVALUATED[script], *more)
    return one


def losses(bert: Bert, script: str) -> list[float]:
    """Of each step of run_squad.py; the others tell the last of training, or its mean, and that of evaluation."""
    if script == SQUAD:
        return bert.losses()
    found = [value for name, value in bert.results().items() if "loss" in name]
    assert len(found) == 2
    return found


@pytest.mark.parametrize("script", [SQUAD, *OTHERS])
def test_performance_has_the_losses_of_minimal(
    bert: Bert, bert_minimal: Path, bert_performance: Path, script: str
) -> None:
    """In float32, but for what torch's GELU and LayerNorm round otherwise."""
    before, after = (trained(bert, code, script) for code in (bert_minimal, bert_performance))
    assert losses(after, script) == pytest.approx(losses(before, script), rel=1e-5)
    if script == SQUAD:
        assert after.predictions() == before.predictions()


@pytest.mark.slow
@pytest.mark.parametrize("script", [SQUAD, *OTHERS])
def test_performance_in_bfloat16(bert: Bert, bert_minimal: Path, bert_performance: Path, script: str) -> None:
    """GELU and LayerNorm round to 8 bits elsewhere, and Adam makes whole steps of small gradients: found is 0.9 %."""
    before, after = (trained(bert, code, script, "--fp16") for code in (bert_minimal, bert_performance))
    assert losses(after, script) == pytest.approx(losses(before, script), rel=0.02)


@pytest.mark.slow
def test_performance_trains_on_packed_questions_as_stage_packed(
    bert: Bert, bert_packed: Path, bert_performance: Path
) -> None:
    before, after = (trained(bert, code, SQUAD, "--packed") for code in (bert_packed, bert_performance))
    assert losses(after, SQUAD) == pytest.approx(losses(before, SQUAD), rel=1e-5)
    assert after.predictions() == before.predictions()


@pytest.mark.slow
@pytest.mark.parametrize("script", OTHERS)
def test_packed_trains_as_minimal_to_the_last_bit(
    bert: Bert, bert_minimal: Path, bert_packed: Path, script: str
) -> None:
    """run_squad.py's test is with those of its packed questions."""
    before, after = (trained(bert, code, script) for code in (bert_minimal, bert_packed))
    assert losses(after, script) == losses(before, script)
    assert equal_bits(*(weights(one.out / "pytorch_model.bin") for one in (before, after)))
