"""The plots of a packing in characters: the lengths by the library plotext, and how full the rows are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.packing.algorithms.histogram import LengthHistogram
    from migrator.packing.algorithms.plan import PackingPlan

WIDEST = 120
_NARROWEST = 60
_HEIGHT = 13
_FRAME = 9  # columns that the axis and its numbers take
_FIGURES = 49  # columns before the bars
_PLAIN = str.maketrans("┌┐└┘┤├┬┴┼─│█", "+++++++++-|#")


def draw_lengths(histogram: LengthHistogram, columns: int, *, plain: bool) -> list[str]:
    """How many sequences there are of each length, at most `columns` wide, without colours; `plain`: in ASCII."""
    import plotext  # noqa: PLC0415 - a tenth of a second, and only a plot needs it

    from migrator.packing.distributions import length_bins  # noqa: PLC0415

    width = _fitted(columns)
    bins = length_bins(histogram, width - _FRAME)
    top = max(found.count for found in bins)
    plotext.terminal.limit(False, False)  # the width is the caller's to say
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, _HEIGHT)
    middles = [(found.first + found.last) / 2 for found in bins]
    # many data sets have a tower of the greatest length, beside which nothing else would be seen
    figure.draw(figure.bar(middles, [math.sqrt(found.count) for found in bins], width=1))
    ticks = _ticks(histogram.row_length, max(2, width // 16))
    figure.ruler("x").ticks(ticks, [str(tick) for tick in ticks])
    figure.ruler("y").ticks([0, math.sqrt(top) / 2, math.sqrt(top)], [_short(0), _short(top / 4), _short(top)])
    lines = [line.rstrip() for line in str(figure.build().string(colorless=True)).splitlines()]
    each = "each length" if bins[0].last == 1 else f"{bins[0].last} lengths together"
    title = f"sequences by length, {each} (square-root scale)"
    return [title, *(line.translate(_PLAIN) if plain else line for line in lines)]


def draw_fill(plan: PackingPlan, histogram: LengthHistogram, name: str, columns: int, *, plain: bool) -> list[str]:
    """How full the rows are, with one sequence a row and packed, and bars for the packed ones."""
    from migrator.packing.distributions import fill_labels, fill_shares, packed, unpacked  # noqa: PLC0415

    before = fill_shares(unpacked(histogram), plan.row_length)
    after = fill_shares(packed(plan), plan.row_length)
    room = _fitted(columns) - _FIGURES
    lines = [f"{'how full the rows are':<21}  {'one a row':>10}{name:>14}"]
    for label, one, many in zip(fill_labels(), before, after, strict=True):
        bar = ("#" if plain else "█") * round(many * room / max(after))
        lines.append(f"  {label:<19}  {one:>10.2%}{many:>14.2%}  {bar}".rstrip())
    return lines


def _fitted(columns: int) -> int:
    return max(_NARROWEST, min(columns, WIDEST))


def _ticks(last: int, count: int) -> list[int]:
    """Whole lengths at equal distances, from 1 to the last."""
    return sorted({1 + round((last - 1) * at / (count - 1)) for at in range(count)})


def _short(count: float) -> str:
    """In at most 6 characters."""
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= unit:
            return f"{count / unit:.3g}{name}"
    return f"{count:.3g}"
