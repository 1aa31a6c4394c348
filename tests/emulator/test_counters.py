"""What a run did that a real card makes wait for, and how much memory it took."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from migrator.emulator import counters


@pytest.fixture
def counts() -> Iterator[counters.Counts]:
    yield counters.start()
    counters.stop()


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (lambda t: t.sum().item(), "item"),
        (lambda t: float(t[0]), "item"),
        (lambda t: bool(t[0] > 0), "item"),
        (lambda t: t.cpu(), "copy to cpu"),
        (lambda t: t.tolist(), "copy to cpu"),
        (lambda t: torch.empty(3).copy_(t), "copy to cpu"),
        (lambda t: t.nonzero(), "nonzero"),
        (lambda t: t.masked_select(t > 0), "masked_select"),
        (lambda t: t[t > 0], "index"),
        (lambda t: t.unique(), "_unique2"),
        (lambda t: torch.equal(t, t.clone()), "equal"),
        (lambda t: torch.hpu.synchronize(), "synchronize"),
    ],
)
def test_host_reads_are_counted_at_the_users_line(
    counts: counters.Counts, read: Callable[[Tensor], object], kind: str
) -> None:
    tensor = torch.arange(3.0, device="hpu")
    read(tensor)

    (found,) = counts.host_reads
    assert found.kind == kind
    assert Path(found.file) == Path(__file__)
    assert found.line == read.__code__.co_firstlineno


@pytest.mark.parametrize(
    "use",
    [
        lambda t: t + 1,
        lambda t: t[torch.tensor([0, 1])],
        lambda t: t.to("hpu", torch.bfloat16),
        lambda t: t.copy_(torch.ones(3)),
        lambda t: torch.ones(3).sum().item(),
    ],
)
def test_other_work_is_no_host_read(counts: counters.Counts, use: Callable[[Tensor], object]) -> None:
    use(torch.arange(3.0, device="hpu"))

    assert counts.host_reads == []


def test_printing_reads_the_values(counts: counters.Counts) -> None:
    repr(torch.ones(2, device="hpu"))

    assert counts.host_reads
    assert {Path(each.file) for each in counts.host_reads} == {Path(__file__)}


def test_step_marks(counts: counters.Counts) -> None:
    counters.mark_step()
    counters.mark_step()
    counters.stop()
    counters.mark_step()

    assert counts.step_marks == 2


def test_memory_is_that_of_live_storages() -> None:
    gc.collect()
    before = torch.hpu.memory_allocated()
    torch.hpu.reset_peak_memory_stats()
    kept = torch.ones(256, device="hpu")
    view = kept[128:]
    assert torch.hpu.memory_allocated() - before == 1024
    (kept + 1).sum()
    assert torch.hpu.max_memory_allocated() - before >= 2048

    del kept
    assert torch.hpu.memory_allocated() - before == 1024
    del view
    assert torch.hpu.memory_allocated() == before
    torch.hpu.reset_peak_memory_stats()
    assert torch.hpu.max_memory_allocated() == before
