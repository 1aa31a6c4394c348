"""The command line: the one place that maps failures to messages and exit codes."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from migrator import __version__
from migrator.commands import apply, diff, log, pack, pins, run, unpack
from migrator.console import err, visible
from migrator.errors import ExitCode, MigrateError

_COMMANDS = (pins, apply, diff, log, run, pack, unpack)
_EXIT_CODES = """\
exit codes:
  0 done   1 a check found something   2 usage, configuration, or an output that is locked, changed or not writable
  3 upstream not reachable or not what the pin says   4 a layer does not apply   5 the trainer failed
  70 a bug   130 interrupted
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line; imports nothing heavy."""
    top = argparse.ArgumentParser(
        prog="migrate",
        description="Move training code from NVIDIA GPUs to Intel Gaudi, stage by stage, every change explained.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"migrate {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_parser(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. `SystemExit` comes from argparse: --help, or a wrong argument."""
    _open_missing_streams()
    try:
        code = _outcome(sys.argv[1:] if argv is None else list(argv))
    except SystemExit as ended:
        raise SystemExit(_flushed(int(ended.code or 0))) from None
    return _flushed(code)


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()  # here, where a full disk still has somebody to tell
    except OSError as error:
        return _unwritten(error, code)
    return code


def _outcome(argv: list[str]) -> int:
    try:
        args = parser().parse_args(argv)
        return int(args.run(args))
    except MigrateError as error:
        return _say(error.message, error.hint, error.exit_code, error.details)
    except KeyboardInterrupt:
        return _say("interrupted; run the same command again to continue", "", ExitCode.INTERRUPTED)
    except Exception as error:
        if isinstance(error, OSError) and _is_of_a_stream(error):
            return _unwritten(error, ExitCode.DONE)
        return _report_bug(error, argv)


def _is_of_a_stream(error: OSError) -> bool:
    """Whether standard output could not be written: the failure of a file names the file."""
    return error.filename is None and error.errno in (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def _unwritten(error: OSError, code: int) -> int:
    """The exit code `code` of a command whose standard output cannot be written, unless that is the failure."""
    _discard(sys.stdout)
    if error.errno == errno.EPIPE:  # the reader has seen enough (`migrate diff | head`)
        return code
    _say(f"cannot write standard output: {error.strerror}", "free some space and run again", ExitCode.USAGE)
    return code or int(ExitCode.USAGE)


def _discard(stream: TextIO) -> None:
    """Send what the stream still holds, and all that follows, nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _say(message: str, hint: str, code: ExitCode, details: Sequence[str] = ()) -> int:
    with suppress(BrokenPipeError):  # nobody reads it; the exit code tells
        err(visible(f"migrate: {message}"))
        for line in (*details, *([hint] if hint else [])):
            err(visible(f"  {line}"))
    return int(code)


def _report_bug(error: Exception, argv: list[str]) -> int:
    from migrator.bug_report import write_bug_report  # noqa: PLC0415 - rarely needed

    what = f"a bug: {type(error).__name__}: {error}"
    try:
        path = write_bug_report(error, argv)
    except OSError as full:
        return _say(what, f"what happened could not be written down: {full}; please report it", ExitCode.BUG)
    return _say(what, f"what happened is written down in {path}; please report it", ExitCode.BUG)


def _open_missing_streams() -> None:
    """Python has no stream where the caller closed its descriptor (`migrate ... >&-`); what is said goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - lives as long as the process
