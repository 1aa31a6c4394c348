"""Which losses make the curve, and what is said of them."""

from __future__ import annotations

import math

import pytest

from migrator.runtime.loss_series import LossLog, LossSeries, longest


def series(*lines: str) -> LossSeries:
    log = LossLog()
    for line in lines:
        log.take(line)
    found = log.series()
    assert found is not None
    return found


def test_no_loss_no_series() -> None:
    assert LossLog().series() is None
    assert longest([None, None]) is None


def test_the_loss_that_is_printed_most_often() -> None:
    found = series("step: 1 loss: 3.0", "step: 2 loss: 2.0", "final_loss: 2.0")
    assert (found.name, found.steps, found.values) == ("loss", (1, 2), (3.0, 2.0))


def test_of_two_on_each_line_the_step_s_own() -> None:
    assert series("average_loss : 3.0 step_loss : 2.0").name == "step_loss"


@pytest.mark.parametrize(
    "lines",
    [
        ("loss: 3.0", "loss: 2.0", "loss: 1.0"),
        ("step 1 loss: 3.0", "loss: 2.0", "step 3 loss: 1.0"),
        ("step 1 loss: 3.0", "step 2 loss: 2.0", "step 1 loss: 1.0"),
    ],
)
def test_points_are_counted_where_steps_are_missing_or_go_back(lines: tuple[str, ...]) -> None:
    assert series(*lines).steps == (1, 2, 3)


def test_summary() -> None:
    text = series("step 10 loss: 3.0", "step 20 loss: 1.5", "step 30 loss: 2.0").summary()
    assert text == "loss: first 3, last 2, minimum 1.5 at step 20, 3 points"


def test_summary_says_what_is_not_finite() -> None:
    found = LossSeries("loss", (1, 2, 3), (3.0, math.nan, 2.0))
    assert found.summary() == "loss: first 3, last 2, minimum 2 at step 3, 3 points, 1 not finite (first at step 2)"
    assert LossSeries("loss", (1,), (math.inf,)).summary() == "loss: 1 point, none of them a finite number"


def test_the_longest_of_several_streams_and_of_equals_the_first() -> None:
    short, long, other = (LossSeries(name, (1,) * n, (1.0,) * n) for name, n in (("a", 1), ("b", 2), ("c", 2)))
    assert longest([short, None, long, other]) is long
