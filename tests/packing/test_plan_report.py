from __future__ import annotations

import json

import pytest

from migrator.errors import UsageError
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.solve import Algorithm
from migrator.packing.plan_report import RowLimit, compare, row_limit, summary, table, to_json
from tests.packing.algorithms.histograms import long_tailed

DATA = LengthHistogram.from_lengths([7] * 40 + [5] * 30 + [4] * 30 + [3] * 40 + [1] * 30, 10)
AT_MOST_3 = RowLimit(3, "as asked for")


def test_the_table_has_a_line_for_each_algorithm_below_one_of_headings() -> None:
    heading, *lines = table(compare(DATA, AT_MOST_3, list(Algorithm), seconds=30.0))
    assert heading.split() == ["algorithm", "rows", "factor", "filled", "over", "the", "bound", "patterns", "seconds"]
    assert [line.split()[0] for line in lines] == ["near-optimal", "lpfhp", "spfhp", "nnlshp"]
    assert lines[0].split()[1:7] == ["70", "2.42857", "100.00%", "0", "0.0000%", "2"]
    assert {len(line) for line in lines} == {len(heading)}


def test_rows_over_the_bound_are_against_the_best_bound_of_all() -> None:
    data = long_tailed(64, 10_000, spread=0.8, cut=0.2)
    found = compare(data, AT_MOST_3, [Algorithm.SPFHP, Algorithm.NEAR_OPTIMAL], seconds=30.0)
    spfhp, best = (found.over(plan) for plan in found.plans)
    assert spfhp > 10 > best >= 0
    assert spfhp - best == found.plans[0].plan.packs - found.plans[1].plan.packs


def test_the_summary_says_what_the_limit_is_and_why() -> None:
    lines = summary(compare(DATA, row_limit(DATA, None, unlimited=False), [Algorithm.LPFHP], seconds=30.0))
    assert lines == [
        "170 sequences of 4.1 tokens on average",
        "rows of 10 tokens, 41.2% filled with one sequence each",
        "at most 3 a row: the smallest limit within 0.5% of the best possible factor",
        "no packing has fewer than 70 rows (linear program over patterns)",
    ]


@pytest.mark.parametrize(("at_most", "unlimited", "words"), [(2, False, "at most 2 a row"), (None, True, "any number")])
def test_a_limit_that_was_asked_for_is_taken(at_most: int | None, unlimited: bool, words: str) -> None:
    limit = row_limit(DATA, at_most, unlimited)
    assert limit.at_most == at_most
    assert limit.words.startswith(words)
    assert limit.why == "as asked for"


def test_an_algorithm_that_cannot_is_named_with_the_reason_beside_those_that_can() -> None:
    found = compare(DATA, RowLimit(4, "as asked for"), [Algorithm.LPFHP, Algorithm.NNLSHP], seconds=30.0)
    assert [plan.algorithm for plan in found.plans] == [Algorithm.LPFHP]
    assert table(found)[-1].startswith("nnlshp packs at most 3 a row, not 4")


def test_where_none_can_it_is_an_error() -> None:
    with pytest.raises(UsageError, match="nnlshp packs at most 3"):
        compare(DATA, RowLimit(4, "as asked for"), [Algorithm.NNLSHP], seconds=30.0)


def test_a_stop_by_the_time_limit_is_told() -> None:
    found = compare(DATA, AT_MOST_3, [Algorithm.NNLSHP], seconds=0.0)
    assert table(found)[-1] == "nnlshp was stopped by the time limit"
    assert to_json(found)["plans"][0]["stopped_by_clock"] is True


def test_json_has_the_same_figures() -> None:
    found = compare(DATA, RowLimit(4, "as asked for"), [Algorithm.NEAR_OPTIMAL, Algorithm.NNLSHP], seconds=30.0)
    held = json.loads(json.dumps(to_json(found)))
    assert held["data"] == {"row_length": 10, "sequences": 170, "tokens": 700}
    assert held["limit"] == {"at_most": 4, "why": "as asked for"}
    assert held["bound"]["rows"] == 70.0
    (plan,) = held["plans"]
    assert (plan["algorithm"], plan["rows"], plan["over_bound"]) == ("near-optimal", 70, {"rows": 0, "share": 0.0})
    assert held["refused"][0]["algorithm"] == "nnlshp"
