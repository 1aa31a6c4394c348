"""The command line: the one place that maps failures to messages and exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from migrator import __version__
from migrator.commands import apply, diff, log, pins
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
    """Run one command and return its exit code."""
    try:
        args = parser().parse_args(argv)
        code = int(args.run(args))
        sys.stdout.flush()
        return code
    except MigrateError as error:
        from migrator.console import err  # noqa: PLC0415

        err(f"migrate: {error.message}")
        if error.hint:
            err(f"  {error.hint}")
        return int(error.exit_code)
    except KeyboardInterrupt:
        from migrator.console import err  # noqa: PLC0415

        err("migrate: interrupted; run the same command again to continue")
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # the reader went away (`migrate diff | head`); nothing is wrong and nothing more can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)
    except Exception as error:
        from migrator.bug_report import write_bug_report  # noqa: PLC0415
        from migrator.console import err  # noqa: PLC0415

        path = write_bug_report(error, sys.argv if argv is None else list(argv))
        err(f"migrate: a bug: {type(error).__name__}: {error}")
        err(f"  what happened is written down in {path}; please report it")
        return int(ExitCode.BUG)
