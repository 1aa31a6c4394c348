"""A loss curve drawn in characters, by the library plotext."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.runtime.loss_series import LossSeries

LEAST_POINTS = 5  # fewer are read faster as numbers
WIDEST = 100
_NARROWEST = 20
_HEIGHT = 16
_DRAWN = 2000  # more points than any terminal has room for only cost time
_PLAIN = str.maketrans("┌┐└┘┤├┬┴┼─│", "+++++++++-|")

Points = Sequence[tuple[int, float]]


def draw_curve(series: LossSeries, columns: int, *, plain: bool) -> str:
    """The curve, at most `columns` (or `WIDEST`) wide, without colours; `plain`: in ASCII. Needs a finite point."""
    import plotext  # noqa: PLC0415 - a tenth of a second, and only some runs draw

    width = max(_NARROWEST, min(columns, WIDEST))
    points = thin(series.finite, _DRAWN)
    steps, values = [step for step, _ in points], [value for _, value in points]
    plotext.terminal.limit(False, False)  # the width is the caller's to say
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, _HEIGHT)
    curve = figure.signal(steps, values, marker="*" if plain else "braille")
    curve.lines()
    figure.draw(curve)
    figure.title(series.name)
    ticks = _ticks(steps[0], steps[-1], max(2, width // 16))
    figure.ruler("x").ticks(ticks, [str(tick) for tick in ticks])
    text = str(figure.build().string(colorless=True))
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(lines).translate(_PLAIN) if plain else "\n".join(lines)


def thin(points: Points, limit: int) -> Points:
    """At most about `limit` points: of each stretch of equal length the least and the greatest, so that spikes stay,
    and the ends of the whole.
    """
    if len(points) <= limit:
        return points
    length = -(-len(points) * 2 // limit)
    kept = {0, len(points) - 1}
    for start in range(0, len(points), length):
        stretch = range(start, min(start + length, len(points)))
        kept |= {min(stretch, key=lambda at: points[at][1]), max(stretch, key=lambda at: points[at][1])}
    return [points[at] for at in sorted(kept)]


def _ticks(first: int, last: int, count: int) -> list[int]:
    """Whole steps at equal distances, `count` of them at most."""
    return sorted({first + round((last - first) * at / (count - 1)) for at in range(count)})
