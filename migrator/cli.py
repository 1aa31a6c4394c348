"""The command line: the one place that maps failures to messages and exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from migrator import __version__
from migrator.commands import apply, diff, log, pins
from migrator.console import err, visible
from migrator.errors import ExitCode, MigrateError

_COMMANDS = (pins, apply, diff, log)
_EXIT_CODES = """\
exit codes:
  0 done   1 a check found something   2 usage, configuration, or an output that is locked, changed or not writable
  3 upstream not reachable or not what the pin says   4 a layer does not apply   70 a bug   130 interrupted
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
        return _outcome(sys.argv[1:] if argv is None else list(argv))
    except BrokenPipeError:
        # the reader went away (`migrate diff | head`); nothing is wrong and nothing more can be said
        _abandon(sys.stdout, sys.stderr)
        return int(ExitCode.DONE)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)  # again, while the first one was being reported


def _outcome(argv: list[str]) -> int:
    try:
        return _run(argv)
    except MigrateError as error:
        return _say(error.message, error.hint, error.exit_code)
    except KeyboardInterrupt:
        return _say("interrupted; run the same command again to continue", "", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and _is_full(error):
            return _say(f"cannot write the output: {error.strerror}", "free some space and run again", ExitCode.USAGE)
        return _report_bug(error, argv)


def _run(argv: list[str]) -> int:
    try:
        args = parser().parse_args(argv)
        return int(args.run(args))
    finally:
        sys.stdout.flush()  # here, where a full disk or a closed pipe still has somebody to tell


def _say(message: str, hint: str, code: ExitCode) -> int:
    err(visible(f"migrate: {message}"))
    if hint:
        err(visible(f"  {hint}"))
    return int(code)
