"""The port of nvidia-bert's pre-training trains as the upstream's model does by our own LAMB in float64."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.upstream.parity import Run

pytestmark = pytest.mark.upstream
ALL_REDUCE = ("--allreduce_post_accumulation", "--allreduce_post_accumulation_fp16")


def test_float32(bert_minimal: Path, bert_upstream: Path, tmp_path: Path) -> None:
    """The flags about an all-reduce mean nothing to one process."""
    found = Run(tmp_path, processes=1, parts=1).deviations(bert_minimal, bert_upstream, *ALL_REDUCE)
    assert found.within(loss=1e-5, weights=1e-5), found


@pytest.mark.slow
def test_float32_with_accumulation(bert_minimal: Path, bert_upstream: Path, tmp_path: Path) -> None:
    found = Run(tmp_path, processes=1, parts=2).deviations(bert_minimal, bert_upstream, *ALL_REDUCE)
    assert found.within(loss=1e-5, weights=1e-5), found


@pytest.mark.slow
@pytest.mark.parametrize("flags", [ALL_REDUCE[:1], ()])
def test_two_processes(bert_minimal: Path, bert_upstream: Path, tmp_path: Path, flags: tuple[str, ...]) -> None:
    """One all-reduce after accumulation, or DistributedDataParallel's in each backward pass: the same mean."""
    found = Run(tmp_path, processes=2, parts=2).deviations(bert_minimal, bert_upstream, *flags)
    assert found.within(loss=1e-5, weights=1e-5), found


@pytest.mark.slow
def test_two_processes_that_reduce_in_bfloat16(bert_minimal: Path, bert_upstream: Path, tmp_path: Path) -> None:
    """A gradient is rounded three times, by 2^-9 each: on each of the two processes, and as their sum.

    That is 0.006 of a gradient, and as much of a weight that began at 0, where processes do not cancel out: 0.01 is
    allowed. The loss changes by less than 0.02 of itself in this training, and by so much less from the weights.
    """
    found = Run(tmp_path, processes=2, parts=2).deviations(bert_minimal, bert_upstream, *ALL_REDUCE)
    assert found.within(loss=1e-4, weights=1e-2), found
    assert found.weights > 1e-4  # the all-reduce was not in float32


@pytest.mark.slow
def test_bfloat16(bert_minimal: Path, bert_upstream: Path, tmp_path: Path) -> None:
    """Each operator rounds by 2^-9 there and back, some twenty in a row: 0.05 is allowed of a weight that began at 0.

    A loss of 5.5 that were itself in bfloat16 would be off by 0.0028 of itself.
    """
    found = Run(tmp_path, processes=1, parts=2).deviations(bert_minimal, bert_upstream, "--fp16")
    assert found.within(loss=1e-3, weights=5e-2), found
