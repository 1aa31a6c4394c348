"""The loss curve in characters."""

from __future__ import annotations

import math

import pytest

from migrator.runtime.curve import draw_curve, thin
from migrator.runtime.loss_series import LossSeries

FALLING = LossSeries("loss", tuple(range(1, 101)), tuple(10.0 / at for at in range(1, 101)))


@pytest.mark.parametrize("columns", [40, 80, 100])
@pytest.mark.parametrize("plain", [True, False])
def test_it_fits_the_terminal_and_has_no_control_characters(columns: int, plain: bool) -> None:
    lines = draw_curve(FALLING, columns, plain=plain).splitlines()
    assert max(map(len, lines)) == columns
    assert all(line.isprintable() for line in lines)
    assert all(line.isascii() for line in lines) is plain


def test_it_is_never_wider_than_100_columns() -> None:
    assert max(map(len, draw_curve(FALLING, 250, plain=True).splitlines())) == 100


def test_it_falls_from_the_upper_left_to_the_lower_right() -> None:
    rows = [line for line in draw_curve(FALLING, 80, plain=True).splitlines() if "*" in line]
    assert rows[0].index("*") < 8
    assert rows[-1].rindex("*") > 70
    assert "10.0" in rows[0]


def test_steps_are_whole_numbers() -> None:
    last = draw_curve(FALLING, 80, plain=True).splitlines()[-1]
    assert last.split() == ["1", "26", "51", "75", "100"]


def test_points_that_are_not_finite_are_left_out() -> None:
    holes = LossSeries("loss", (1, 2, 3, 4), (3.0, math.nan, math.inf, 1.0))
    assert draw_curve(holes, 60, plain=True) == draw_curve(LossSeries("loss", (1, 4), (3.0, 1.0)), 60, plain=True)


@pytest.mark.parametrize("values", [(7.0,), (7.0, 7.0, 7.0)])
def test_a_flat_or_single_loss_is_drawn(values: tuple[float, ...]) -> None:
    assert "7.0" in draw_curve(LossSeries("loss", tuple(range(len(values))), values), 60, plain=True)


def test_thinning_keeps_spikes_and_ends() -> None:
    points = [(at, 0.0) for at in range(10_000)]
    points[5_432] = (5_432, 9.0)
    thinned = thin(points, 100)
    assert len(thinned) <= 102
    assert {points[0], points[5_432], points[-1]} <= set(thinned)
    assert thinned == sorted(thinned)
