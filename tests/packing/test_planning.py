from __future__ import annotations

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.solve import Algorithm
from migrator.packing.planning import plan_for
from migrator.packing.request import Packing

DATA = LengthHistogram((*((128 - length) * (length % 3) for length in range(1, 128)), 1000))


def test_the_limit_that_nobody_gave_packs_as_if_it_had_been_given() -> None:
    chosen = plan_for(DATA, Packing())
    given = plan_for(DATA, Packing(per_row=chosen.plan.most_sequences))
    assert chosen.plan.most_sequences == 3
    assert (chosen.plan, chosen.bound, chosen.bound_kind) == (given.plan, given.bound, given.bound_kind)


def test_unlimited_takes_no_limit_and_other_algorithms_take_the_same() -> None:
    best = plan_for(DATA, Packing(unlimited=True)).plan
    limited = plan_for(DATA, Packing()).plan
    simple = plan_for(DATA, Packing(algorithm=Algorithm.LPFHP)).plan
    assert best.packs <= limited.packs < simple.packs
    assert limited.most_sequences == simple.most_sequences == 3 < best.most_sequences
