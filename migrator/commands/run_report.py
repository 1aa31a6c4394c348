"""What `migrate run` says when the trainer has ended. It goes to standard error: standard output is the trainer's."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from migrator import console
from migrator.errors import ExitCode, OutputError, TrainerError
from migrator.runtime.curve import LEAST_POINTS, draw_curve
from migrator.runtime.exit_status import describe_status, hint_for
from migrator.runtime.loss_series import LossSeries, longest
from migrator.runtime.sinks import Sink
from migrator.runtime.trainer import Result


def tell(text: str) -> None:
    """A line for the person who watches; where nobody reads any more the exit code tells."""
    with suppress(BrokenPipeError):
        console.err(console.visible(text))


def say(text: str) -> None:
    """A line of migrate's own."""
    tell(f"migrate: {text}")


def report_strays(result: Result) -> None:
    """Name the processes that were left over; an interrupted run was to leave none anyway."""
    if result.heard[-1].inside_a_line:
        tell("")
    strays = result.ended.strays
    if strays and result.ended.interrupted is None:
        say(f"ended {len(strays)} process{'es' if len(strays) != 1 else ''} that the trainer left running:")
        for stray in strays:
            tell(f"  {stray}")


def report_losses(result: Result, *, wanted: bool) -> None:
    """Draw the loss curve where it is wanted, or where a person watches and there is one."""
    series = longest(heard.losses.series() for heard in result.heard)
    watched = console.on_terminal() and sys.stderr.isatty()
    if series is None:
        if wanted:
            say("no loss was found in what the trainer printed")
    elif wanted or (watched and len(series.values) >= LEAST_POINTS):
        _show(series)


def _show(series: LossSeries) -> None:
    if series.finite:
        tell(draw_curve(series, shutil.get_terminal_size().columns, plain=not _takes_unicode()))
    tell(series.summary())


def _takes_unicode() -> bool:
    try:
        "⣿─┤".encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def exit_code(result: Result, sinks: Sequence[Sink], log: Path | None) -> int:
    """The exit code of a run. Raises `TrainerError` for a trainer that failed, and `OutputError` where what it printed
    could not be written.
    """
    status, interrupted = result.ended.status, result.ended.interrupted
    if interrupted is not None:
        say(f"interrupted; the trainer ended with {describe_status(status)}, and nothing of it is left running")
        return ExitCode.INTERRUPTED
    if status:
        raise TrainerError(
            f"the trainer failed with {describe_status(status)}", details=_last_lines(result), hint=_hint(result, log)
        )
    for sink in sinks:
        if sink.failure is not None:
            raise OutputError(
                f"cannot write {sink.name}: {sink.failure.strerror}", hint="free some space and run again"
            )
    return ExitCode.DONE


def _last_lines(result: Result) -> list[str]:
    """Of standard error, else of standard output; before them the errors, where a launcher's report hides them."""
    for heard, name in zip(reversed(result.heard), ("standard error", "standard output"), strict=False):
        if lines := heard.last.lines():
            what = name if len(result.heard) > 1 else "output"
            errors = [] if heard.errors.among(lines) else heard.errors.lines()
            before = ["the errors of its processes:", *(f"  {error}" for error in errors)] if errors else []
            return [*before, f"the last lines of its {what}:", *(f"  {line}" for line in lines)]
    return ["it printed nothing"]


def _hint(result: Result, log: Path | None) -> str:
    if result.reader_gone:
        return "the program that read its output ended before it did"
    whole = f"all it printed is in {log}" if log else "--log FILE keeps all it prints"
    return "; ".join(filter(None, [hint_for(result.ended.status), _what_is_missing(result), whole]))


def _what_is_missing(result: Result) -> str:
    for heard in result.heard:
        if module := heard.errors.missing_module:
            return f"{module} is not installed for this Python: a port's requirements.txt lists what its scripts import"
    return ""
