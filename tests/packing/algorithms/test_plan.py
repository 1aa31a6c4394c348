from __future__ import annotations

import pytest

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.plan import PackingPlan

DATA = LengthHistogram((2, 1, 1, 0))
PLAN = PackingPlan.of(4, [((1, 3), 1), ((2, 1), 1)])


def test_figures() -> None:
    assert PLAN.patterns == (((3, 1), 1), ((2, 1), 1))
    assert (PLAN.packs, PLAN.sequences, PLAN.tokens, PLAN.most_sequences) == (2, 4, 7, 2)
    assert PLAN.factor == 2.0
    assert PLAN.efficiency == 7 / 8
    PLAN.check(DATA, 2)


def test_equal_patterns_are_joined() -> None:
    plan = PackingPlan.of(4, [((1, 3), 2), ((3, 1), 1), ((4,), 0)])
    assert plan.patterns == (((3, 1), 3),)


def test_an_empty_plan_gains_nothing() -> None:
    plan = PackingPlan.of(4, [])
    plan.check(LengthHistogram((0, 0, 0, 0)))
    assert (plan.packs, plan.factor, plan.efficiency, plan.most_sequences) == (0, 1.0, 1.0, 0)


@pytest.mark.parametrize(
    ("plan", "at_most", "message"),
    [
        (PackingPlan(4, (((3, 1), 1), ((2,), 1))), None, "2 sequences have length 1, the plan packs 1"),
        (PackingPlan(4, (((3, 1), 1), ((2, 1), 2))), None, "the plan packs 3"),
        (PackingPlan(4, (((3, 2), 1), ((1, 1), 1))), None, "need 5 tokens, a row has 4"),
        (PLAN, 1, "2 sequences share a row, 1 may"),
        (PackingPlan(5, PLAN.patterns), None, "rows of 5, the data for 4"),
        (PackingPlan(4, (*PLAN.patterns, ((), 1))), None, "a row holds sequences"),
        (PackingPlan(4, (*PLAN.patterns, ((4,), -1))), None, "a row holds sequences"),
    ],
)
def test_check_says_what_is_wrong(plan: PackingPlan, at_most: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan.check(DATA, at_most)
