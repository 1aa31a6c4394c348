"""The plots of a packing as a file, by matplotlib: PNG, SVG, PDF, or one HTML page that holds its SVG."""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import OutputError, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from migrator.packing.plan_report import Comparison

SUFFIXES = (".png", ".svg", ".pdf", ".html")
_BINS = 128
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Packing plans</title>
<style>
body {{ font-family: sans-serif; max-width: 72rem; margin: 2rem auto; }}
svg {{ width: 100%; height: auto; }}
</style>
</head>
<body>
<h1>Packing plans</h1>
<pre>{text}</pre>
{picture}
</body>
</html>
"""


def check_plot_file(path: Path) -> None:
    """Before any work: raises `UsageError` for an unknown suffix or folder, and where matplotlib is not installed."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"cannot plot into {path}", hint=f"its name must end in one of {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise UsageError(f"cannot plot into {path}: there is no folder {path.parent}")
    try:
        import matplotlib.figure  # noqa: F401, PLC0415
    except ImportError as error:
        raise UsageError(
            f"plotting into a file needs matplotlib: {error}", hint="pip install 'migrator[plot]'"
        ) from error


def write_plot(found: Comparison, path: Path) -> None:
    """Lengths and how full the rows are, for all plans. Raises `OutputError` where it cannot be written."""
    kind = path.suffix.lower().removeprefix(".")
    picture = _render(_figure(found), "svg" if kind == "html" else kind)
    if kind == "html":
        picture = _page(found, picture.decode("utf-8")).encode("utf-8")
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def _render(figure: Figure, kind: str) -> bytes:
    """The same figure gives the same bytes."""
    import matplotlib as mpl  # noqa: PLC0415

    held = io.BytesIO()
    no_date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with mpl.rc_context({"svg.hashsalt": "packing"}):
        figure.savefig(held, format=kind, metadata=no_date)
    return held.getvalue()


def _page(found: Comparison, picture: str) -> str:
    from migrator.packing.plan_report import summary, table  # noqa: PLC0415

    text = "\n".join([*summary(found), "", *table(found)])
    return _PAGE.format(text=html.escape(text), picture=picture[picture.index("<svg") :])  # without the XML declaration


def _figure(found: Comparison) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 - without pyplot there is no window and no state

    figure = Figure(figsize=(12, 4.5), dpi=120, layout="constrained")
    lengths, fill = figure.subplots(1, 2)
    _draw_lengths(lengths, found)
    _draw_fill(fill, found)
    return figure


def _draw_lengths(axes: Axes, found: Comparison) -> None:
    from migrator.packing.distributions import length_bins  # noqa: PLC0415

    bins = length_bins(found.histogram, _BINS)
    axes.bar([part.first for part in bins], [part.count for part in bins], width=bins[0].last, align="edge")
    axes.set(xlabel="tokens", ylabel="sequences", title=f"{found.histogram.sequences:,} sequences by length")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0)


def _draw_fill(axes: Axes, found: Comparison) -> None:
    from migrator.packing.distributions import fill_labels, fill_shares, packed, unpacked  # noqa: PLC0415

    length = found.histogram.row_length
    series = {"one a row": fill_shares(unpacked(found.histogram), length)}
    for plan in found.plans:
        series[f"{plan.algorithm.value}: {plan.plan.efficiency:.2%} filled"] = fill_shares(packed(plan.plan), length)
    labels = fill_labels()
    width = 0.8 / len(series)
    for at, (name, shares) in enumerate(series.items()):
        places = [place - 0.4 + (at + 0.5) * width for place in range(len(labels))]
        axes.barh(places, [100 * share for share in shares], height=width, label=name)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set(xlabel="% of the rows", title=f"how full the rows are ({found.limit.words})")
    axes.legend()
