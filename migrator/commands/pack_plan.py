"""What `migrate pack --plan-only` prints: the plans of several algorithms and how they differ."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.commands.pack_plot import draw_fill, draw_lengths
from migrator.commands.pack_plot_file import check_plot_file, write_plot
from migrator.console import err, out
from migrator.errors import ExitCode

if TYPE_CHECKING:
    from migrator.packing.algorithms.histogram import LengthHistogram
    from migrator.packing.algorithms.solve import Algorithm
    from migrator.packing.plan_report import Comparison


def show_plans(
    histogram: LengthHistogram,
    at_most: int | None,
    algorithms: Sequence[Algorithm],
    seconds: float,
    *,
    unlimited: bool = False,
    as_json: bool = False,
    plot_file: Path | None = None,
) -> int:
    """Solve with each algorithm, `seconds` for every one of them, and print how they compare.

    The plot of how full the rows are is of the first algorithm. `at_most` None: the smallest limit that is nearly as
    good as none. Raises `UsageError` where no algorithm can do it or the plot file's kind cannot be made, `OutputError`
    where it cannot be written.
    """
    from migrator.packing.plan_report import compare, row_limit, to_json  # noqa: PLC0415

    if plot_file is not None:
        check_plot_file(plot_file)
    found = compare(histogram, row_limit(histogram, at_most, unlimited), algorithms, seconds)
    if as_json:
        out(json.dumps(to_json(found), indent=2))
    else:
        _print(found, shutil.get_terminal_size().columns)
    if plot_file is not None:
        write_plot(found, plot_file)
        err(f"plotted into {plot_file}")
    return ExitCode.DONE


def _print(found: Comparison, columns: int) -> None:
    from migrator.packing.plan_report import summary, table  # noqa: PLC0415

    plain = not _takes_unicode()
    chosen = found.plans[0]
    fill = draw_fill(chosen.plan, found.histogram, chosen.algorithm.value, columns, plain=plain)
    lengths = draw_lengths(found.histogram, columns, plain=plain)
    for part in (summary(found), table(found), lengths, fill):
        for line in part:
            out(line)
        if part is not fill:
            out()


def _takes_unicode() -> bool:
    try:
        "█─┤".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
