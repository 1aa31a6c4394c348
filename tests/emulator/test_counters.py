"""What a run did that a real card makes wait for, and the graphs that it would compile."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from migrator.emulator.counting import counters
from migrator.emulator.counting.graphs import Change
from migrator.emulator.operators import overlay, recording
from migrator.emulator.profile import current


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

    assert not counts.host_reads


def test_printing_reads_the_values(counts: counters.Counts) -> None:
    repr(torch.ones(2, device="hpu"))

    assert counts.host_reads
    assert {Path(each.file) for each in counts.host_reads} == {Path(__file__)}


class ReadsInBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return values * 2

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        grad.sum().item()
        return grad * 2


def test_a_read_in_the_users_backward_is_at_its_own_line(counts: counters.Counts) -> None:
    ReadsInBackward.apply(torch.ones(2, device="hpu", requires_grad=True)).sum().backward()

    (found,) = counts.host_reads
    assert (found.file, found.line) == (__file__, ReadsInBackward.backward.__code__.co_firstlineno + 2)


def test_a_read_in_torchs_backward_is_at_the_line_that_waits_for_it(counts: counters.Counts) -> None:
    values = torch.ones(3, device="hpu", requires_grad=True)
    chosen = values.to("cpu")
    counts.host_reads.clear()
    (chosen * 2).to("hpu").sum().backward()
    line = sys._getframe().f_lineno - 1

    assert {(each.kind, each.file, each.line) for each in counts.host_reads} == {("copy to cpu", __file__, line)}


def test_equal_reads_are_counted_together(counts: counters.Counts) -> None:
    for _ in range(3):
        torch.ones(1, device="hpu").item()

    assert list(counts.host_reads.values()) == [3]


def test_step_marks(counts: counters.Counts) -> None:
    counters.mark_step()
    counters.mark_step()
    counters.stop()
    counters.mark_step()

    assert counts.step_marks == 2


def run_step(size: int) -> None:
    torch.ones(size, 4, device="hpu").mul(2).sum()
    counters.mark_step()


def test_a_graph_is_new_once(counts: counters.Counts) -> None:
    for size in (3, 3, 5, 3):
        run_step(size)

    assert [(each.step, each.operators, each.file) for each in counts.new_graphs] == [
        (1, 4, __file__),
        (3, 4, __file__),
    ]
    assert {each.line for each in counts.new_graphs} == {run_step.__code__.co_firstlineno + 2}


def test_a_new_graph_says_which_line_changed_which_shape(counts: counters.Counts) -> None:
    run_step(3)
    run_step(5)

    first, second = counts.new_graphs
    assert first.change is None
    assert second.change == Change(
        "aten::empty.memory_format(float32[3, 4])",
        "aten::empty.memory_format(float32[5, 4])",
        __file__,
        run_step.__code__.co_firstlineno + 1,
    )


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda t: t * 3, True),  # numbers are no shapes
        (lambda t: t + 2, False),
        (lambda t: t.double() * 2, False),
        (lambda t: torch.mul(t, 2, out=torch.empty(4, device="hpu")), False),
        (lambda t: t[:3] * 2, False),  # a view shows in what follows
        (lambda t: torch.cat([t, t]), False),
        (lambda t: (t * 2) * 2, False),
    ],
)
def test_what_makes_a_graph_new(counts: counters.Counts, change: Callable[[Tensor], object], same: bool) -> None:
    tensor = torch.arange(4.0, device="hpu")
    counts.graphs.close(("warm-up", 1))
    for use in (lambda t: t * 2, change):
        use(tensor)
        counters.mark_step()

    assert len(counts.new_graphs) == (2 if same else 3)


def test_a_longer_graph_names_what_came_more(counts: counters.Counts) -> None:
    def run(times: int) -> None:
        tensor = torch.ones(2, device="hpu")
        for _ in range(times):
            tensor.mul_(2)
        counters.mark_step()

    run(1)
    run(2)

    change = counts.new_graphs[1].change
    assert change is not None
    assert (change.before, change.line) == ("", run.__code__.co_firstlineno + 3)
    assert "mul_" in change.after


def test_optimizer_steps_close_graphs_where_nobody_marks_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    eager = dataclasses.replace(current(), lazy=False)
    monkeypatch.setattr(recording, "current", lambda: eager)
    counts = counters.start()
    layer = torch.nn.Linear(4, 4, device="hpu")
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    counts.graphs.close(("warm-up", 1))
    for rows in (2, 2, 3):
        layer(torch.ones(rows, 4, device="hpu")).sum().backward()
        optimizer.step()

    counters.stop()

    # The first backward makes gradients, the second adds to them.
    _, first, second, third = counts.new_graphs
    assert [each.step for each in (first, second, third)] == [2, 3, 4]
    assert first.file == __file__
    assert first.line == second.line == third.line
    assert second.change is not None
    assert third.change is not None
    assert (second.change.line, third.change.line) == (first.line - 1, first.line - 1)


def test_an_lstm_is_recorded_though_it_runs_whole(counts: counters.Counts) -> None:
    layer = torch.nn.LSTM(3, 3).to("hpu")
    counts.graphs.close(("warm-up", 1))
    for length in (2, 4):
        layer(torch.ones(length, 1, 3, device="hpu"))
        counters.mark_step()

    assert len(counts.new_graphs) == 3


def test_the_kernels_are_as_before_when_nothing_is_counted(counts: counters.Counts) -> None:
    counters.stop()
    before = counts.graphs.pending
    torch.ones(2, device="hpu").add(1)

    assert counts.graphs.pending == before
    assert not overlay._libraries


def test_the_report_is_json_and_merges_equal_reads() -> None:
    counters.start()
    for size in (2, 2, 3):
        torch.ones(size, device="hpu").sum().item()
        counters.mark_step()
    counters.stop()
    report = json.loads(json.dumps(counters.report()))

    (read,) = report["host_reads"]
    assert (read["kind"], read["count"], read["file"]) == ("item", 3, __file__)
    assert report["step_marks"] == 3
    assert (report["graphs"]["steps"], report["graphs"]["unfinished_operators"]) == (3, 0)
    assert [each["step"] for each in report["graphs"]["new"]] == [1, 3]
    assert report["graphs"]["new"][1]["change"]["file"] == __file__
