"""Runs what `migrate run` was asked for, and reports."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrator.commands.run_plan import RunPlan
from migrator.commands.run_report import exit_code, report_losses, report_strays, say, tell
from migrator.errors import UsageError
from migrator.report.written_file import replace_file
from migrator.runtime.device_choice import EMULATED_NOTE, Device
from migrator.runtime.sinks import Sink
from migrator.runtime.trainer import run_trainer


def run_plan(plan: RunPlan, args: argparse.Namespace) -> int:
    """Run the trainer to its end, and say what is to be said. Raises `TrainerError` when it failed."""
    for note in plan.notes:
        say(note)
    if plan.device is Device.EMULATED:
        say(EMULATED_NOTE)
    out, err = Sink(sys.stdout.fileno(), "standard output"), Sink(sys.stderr.fileno(), "standard error")
    environment = {**os.environ, **plan.variables}
    with _log(args.log) as log, _counted(args, environment):
        result = run_trainer(plan.command, environment, out, err, log)
        report_strays(result)
        report_losses(result, wanted=args.curve)
    return exit_code(result, [out, err, *([log] if log else [])], args.log)


@contextmanager
def _log(path: Path | None) -> Iterator[Sink | None]:
    if path is None:
        yield None
        return
    try:
        file = path.open("wb", buffering=0)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="name a file for --log") from error
    with file:
        yield Sink(file.fileno(), str(path))


@contextmanager
def _counted(args: argparse.Namespace, environment: dict[str, str]) -> Iterator[None]:
    """Have the run's processes count, and report what they counted."""
    if not args.count:
        yield
        return
    from migrator.emulator.counting.counts_file import VARIABLE  # noqa: PLC0415 - only for --count
    from migrator.runtime.counts import read_reports, report_lines, reports_as_json  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="migrate-counts-") as folder:
        environment[VARIABLE] = folder
        yield
        reports = read_reports(Path(folder))
    for line in report_lines(reports, Path.cwd()):
        tell(line)
    if args.json:
        replace_file(args.json, reports_as_json(reports))
