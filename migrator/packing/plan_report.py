"""Plans of several algorithms for the same data, side by side: the figures, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from migrator.errors import UsageError
from migrator.packing.algorithms.bound import BoundKind, whole_rows
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.limit import CLOSE, default_limit
from migrator.packing.algorithms.solve import Algorithm, Solved, solve

_HEADINGS = ("algorithm", "rows", "factor", "filled", "over the bound", "", "patterns", "seconds")


@dataclass(frozen=True)
class RowLimit:
    """How many sequences a row may hold (None: any number), and why."""

    at_most: int | None
    why: str

    @property
    def words(self) -> str:
        """The limit alone."""
        return "any number a row" if self.at_most is None else f"at most {self.at_most} a row"


def row_limit(histogram: LengthHistogram, at_most: int | None, unlimited: bool) -> RowLimit:
    """What was asked for, else the smallest limit that is nearly as good as none."""
    if unlimited or at_most is not None:
        return RowLimit(None if unlimited else at_most, "as asked for")
    why = f"the smallest limit within {CLOSE:.1%} of the best possible factor"
    return RowLimit(default_limit(histogram), why)


@dataclass(frozen=True)
class Comparison:
    """The plans, in the order asked for, and why an algorithm has none."""

    histogram: LengthHistogram
    limit: RowLimit
    plans: tuple[Solved, ...]
    refused: tuple[tuple[Algorithm, str], ...]

    @property
    def bound(self) -> float:
        """The highest of the plans' bounds; each is a true one."""
        return max(plan.bound for plan in self.plans)

    @property
    def bound_kind(self) -> BoundKind:
        """What the highest bound comes from."""
        return max(self.plans, key=lambda plan: plan.bound).bound_kind

    def over(self, plan: Solved) -> int:
        """Rows more than any packing needs, at most."""
        return plan.plan.packs - whole_rows(self.bound)


def compare(histogram: LengthHistogram, limit: RowLimit, algorithms: Sequence[Algorithm], seconds: float) -> Comparison:
    """Solve with each; `seconds` for every one of them. Raises `UsageError` where none of them can do it."""
    plans: list[Solved] = []
    refused: list[tuple[Algorithm, UsageError]] = []
    for algorithm in algorithms:
        try:
            plans.append(solve(histogram, algorithm, limit.at_most, seconds))
        except UsageError as error:
            refused.append((algorithm, error))
    if refused and not plans:
        raise refused[0][1]
    return Comparison(histogram, limit, tuple(plans), tuple((name, error.message) for name, error in refused))


def summary(found: Comparison) -> list[str]:
    """The data, the limit and the bound, a line each."""
    data = found.histogram
    mean = data.tokens / max(1, data.sequences)
    share = data.tokens / max(1, data.sequences * data.row_length)
    return [
        f"{data.sequences:,} sequences of {mean:.1f} tokens on average",
        f"rows of {data.row_length:,} tokens, {share:.1%} filled with one sequence each",
        f"{found.limit.words}: {found.limit.why}",
        f"no packing has fewer than {whole_rows(found.bound):,} rows ({found.bound_kind.value})",
    ]


def table(found: Comparison) -> list[str]:
    """A line for each plan below one of headings, and what else is to be said of them."""
    rows = [_HEADINGS, *(_figures(found, plan) for plan in found.plans)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    # the heading over two columns of figures is as wide as both
    widths[4] = max(*(len(row[4]) for row in rows[1:]), len(_HEADINGS[4]) - widths[5] - 2)
    lines = [_line(row, widths) for row in rows[1:]]
    heading = _line((*_HEADINGS[:4], "", *_HEADINGS[5:]), widths)
    end = sum(widths[:6]) + 2 * 5
    heading = heading[: end - len(_HEADINGS[4])] + _HEADINGS[4] + heading[end:]
    notes = [f"{plan.algorithm.value} was stopped by the time limit" for plan in found.plans if plan.stopped_by_clock]
    return [heading, *lines, *notes, *(why for _, why in found.refused)]


def _figures(found: Comparison, solved: Solved) -> tuple[str, ...]:
    over = found.over(solved)
    return (
        solved.algorithm.value,
        f"{solved.plan.packs:,}",
        f"{solved.plan.factor:.5f}",
        f"{solved.plan.efficiency:.2%}",
        f"{over:,}",
        f"{over / max(1, whole_rows(found.bound)):.4%}",
        f"{len(solved.plan.patterns):,}",
        f"{solved.seconds:.2f}",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "  ".join([cells[0].ljust(widths[0]), *padded])


def to_json(found: Comparison) -> dict[str, Any]:
    """The same figures in JSON's own types."""
    data = found.histogram
    return {
        "data": {"row_length": data.row_length, "sequences": data.sequences, "tokens": data.tokens},
        "limit": {"at_most": found.limit.at_most, "why": found.limit.why},
        "bound": {"rows": found.bound, "kind": found.bound_kind.value},
        "plans": [_plan_json(found, plan) for plan in found.plans],
        "refused": [{"algorithm": algorithm.value, "why": why} for algorithm, why in found.refused],
    }


def _plan_json(found: Comparison, solved: Solved) -> dict[str, Any]:
    over = found.over(solved)
    return {
        "algorithm": solved.algorithm.value,
        "rows": solved.plan.packs,
        "factor": solved.plan.factor,
        "efficiency": solved.plan.efficiency,
        "over_bound": {"rows": over, "share": over / max(1, whole_rows(found.bound))},
        "patterns": len(solved.plan.patterns),
        "most_sequences": solved.plan.most_sequences,
        "seconds": solved.seconds,
        "stopped_by_clock": solved.stopped_by_clock,
    }
