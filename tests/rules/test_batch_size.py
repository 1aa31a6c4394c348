from __future__ import annotations

import pytest

RULE = "batch-size"
CODE = """\
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument({option})
"""


@pytest.mark.parametrize(
    "option",
    [
        '"--batch-size", default=32, type=int',
        '"--train_batch_size", type=int, default=8',
        '"-b", "--batch_size", default=2**20',
        '"--bs", default=4',
        '"--batch_size_per_gpu", default=4',
    ],
)
def test_the_default_of_a_training_batch_size(run, option):
    code = CODE.format(option=option)
    result = run(code, RULE, chip="gaudi2")
    assert [("96 GB" in finding.message, finding.line) for finding in result.findings] == [(True, 5)]
    assert result.data.decode() == code


@pytest.mark.parametrize(
    "option",
    [
        '"--eval_batch_size", default=8',
        '"--test-batch-size", default=8',
        '"--predict_batch_size", default=8',
        '"--max_batch_size", default=8',
        '"--batch_size", type=int, required=True',
        '"--batch_size", default=None',
        '"--batch_size", default=args.size',
        '"--no-batch-size-check", default=8',
        '"batch_size", default=8',
    ],
)
def test_other_options_are_none(run, option):
    assert run(CODE.format(option=option), RULE).findings == ()


def test_only_of_what_trains(run):
    code = CODE.format(option='"--batch-size", default=32').replace("--epochs", "--model")
    assert run(code, RULE).findings == ()
    assert len(run(f"{code}loss.backward()\n", RULE).findings) == 1
    assert len(run(code.replace("--model", "--learning-rate"), RULE).findings) == 1


def test_once_a_file_and_by_chip(run):
    code = CODE.format(option='"--batch-size", default=32') + 'parser.add_argument("--bs", default=4)\n'
    (found,) = run(code, RULE, chip="gaudi3").findings
    assert "gaudi3 has 128 GB" in found.message
