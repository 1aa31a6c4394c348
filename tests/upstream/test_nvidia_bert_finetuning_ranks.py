"""NVIDIA BERT's scripts of fine-tuning with several processes: whoever starts them, they train one model together."""

from __future__ import annotations

import pytest

from tests.upstream.bert_finetuning import Bert, farthest, weights
from tests.upstream.running import run, run_by_mpi, run_by_torch

pytestmark = pytest.mark.upstream

SHORT = ("--do_train", "--num_train_epochs", "3", "--learning_rate", "1e-3")
ALL, HALF = ("--train_batch_size", "24"), ("--train_batch_size", "12")  # of the 24 examples
MODEL = "pytorch_model.bin"
SCRIPTS = ("run_squad.py", "run_glue.py", "run_swag.py")
NEITHER = ("Traceback", "find_unused_parameters")


def one_process(bert: Bert, script: str, *more: str) -> Bert:
    """All examples in each step, in one process."""
    alone = bert.another("alone")
    alone.run(script, *SHORT, *ALL, *more)
    return alone


@pytest.mark.parametrize(
    "script", [script if script == SCRIPTS[0] else pytest.param(script, marks=pytest.mark.slow) for script in SCRIPTS]
)
def test_two_processes_with_half_the_examples_are_one_with_all(bert: Bert, script: str) -> None:
    ended = run_by_torch(bert.place, *bert.words(script, *SHORT, *HALF))
    assert not [line for line in ended.err.splitlines() if any(word in line for word in NEITHER)]
    expected = one_process(bert, script)
    assert farthest(weights(bert.out / MODEL), weights(expected.out / MODEL)) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_the_older_launcher_passes_the_rank_as_an_option(bert: Bert, script: str) -> None:
    evaluated = "--do_predict" if script == "run_squad.py" else "--do_eval"
    words = bert.words(script, *SHORT, *HALF, evaluated)
    ended = run_by_torch(bert.place, *words, launcher="launch")
    assert "distributed training: True" in ended.out + ended.err
    expected = one_process(bert, script)
    assert farthest(weights(bert.out / MODEL), weights(expected.out / MODEL)) < 1e-5
    written = bert.predictions() if script == "run_squad.py" else bert.results()
    assert written


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_mpirun_says_the_ranks_in_its_own_variables(bert: Bert, script: str) -> None:
    run_by_mpi(bert.place, *bert.words(script, *SHORT, *HALF))
    expected = one_process(bert, script)
    assert farthest(weights(bert.out / MODEL), weights(expected.out / MODEL)) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("script", [*SCRIPTS, "extract_features.py"])
def test_one_process_by_mpirun(bert: Bert, script: str) -> None:
    (ended,) = run_by_mpi(bert.place, *bert.words(script, *(SHORT if script in SCRIPTS else ())), size=1)
    assert "distributed training: True" in ended.out + ended.err
    assert bert.out.exists()


@pytest.mark.slow
@pytest.mark.parametrize("script", ["run_glue.py", "run_swag.py"])
@pytest.mark.parametrize("processes", [1, 2])
def test_accumulated_gradients_are_those_of_the_whole_batch(bert: Bert, script: str, processes: int) -> None:
    start = run if processes == 1 else run_by_torch
    batch = ALL if processes == 1 else HALF
    start(bert.place, *bert.words(script, *SHORT, *batch, "--gradient_accumulation_steps", "2"))
    expected = one_process(bert, script)
    assert farthest(weights(bert.out / MODEL), weights(expected.out / MODEL)) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_two_processes_in_bfloat16_with_accumulation(bert: Bert, script: str) -> None:
    told = ("--do_train", "--fp16", "--num_train_epochs", "15", "--learning_rate", "3e-3")
    words = bert.words(script, *told, *HALF, "--gradient_accumulation_steps", "2")
    run_by_torch(bert.place, *words)
    before = weights(bert.data / "init.pt")
    after = weights(bert.out / MODEL)
    assert {tensor.dtype.itemsize for tensor in after.values()} == {4}
    assert not after["bert.embeddings.word_embeddings.weight"].equal(before["bert.embeddings.word_embeddings.weight"])
    if script == "run_squad.py":
        assert bert.losses()[-1] < 0.8 * bert.losses()[0]
