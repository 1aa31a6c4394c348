"""`migrate diff`: what one stage changed, or several, and why."""

from __future__ import annotations

import argparse
from pathlib import Path

from migrator.errors import UsageError

_STAGES = ("upstream", "minimal", "packed", "performance")
_DESCRIPTION = """\
Show the difference between two stages of a migrated output. Without FROM and TO: the last stage against the one
before it; with FROM alone: the last stage against FROM. On a terminal the lines stand side by side when it is at
least 140 columns wide; into a file or a pipe goes a diff that git apply takes.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser("diff", help="what the stages changed, and why", description=_DESCRIPTION)
    parser.add_argument("target", metavar="TARGET", nargs="?", help="a recipe, or a folder that migrate apply wrote")
    parser.add_argument("old", metavar="FROM", nargs="?", help=f"a stage: {', '.join(_STAGES)}")
    parser.add_argument("new", metavar="TO", nargs="?", help="a later stage")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--stat", action="store_true", help="only how many lines of each file changed")
    form.add_argument("--json", action="store_true", help="files, hunks, lines and explanations as JSON")
    form.add_argument("--side-by-side", action="store_true", help="old lines left, new lines right")
    form.add_argument("--unified", action="store_true", help="removed lines above added ones")
    parser.add_argument("--why", action="store_true", help="say for each hunk which rule or layer made it, and why")
    parser.add_argument("-o", metavar="FILE", dest="file", help="write a diff for git apply at the upstream's root")
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 when there are differences")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show or write the difference. Exit code 1 with --exit-code when there is one."""
    from migrator.commands.diff_output import show, write  # noqa: PLC0415  # imports what --help does not need
    from migrator.output_place import find_output  # noqa: PLC0415
    from migrator.report.stage_diff import stage_diff  # noqa: PLC0415

    target, old, new = split_words(args.target, args.old, args.new)
    name, workspace = find_output(target, Path.cwd())
    diff = stage_diff(workspace, name, old, new)
    if args.file:
        write(diff, args)
    else:
        show(diff, args)
    return int(args.exit_code and bool(diff.files))


def split_words(target: str | None, old: str | None, new: str | None) -> tuple[str | None, str | None, str | None]:
    """Tell TARGET from FROM: a first word that is a stage's name is FROM (`./minimal` is a folder)."""
    if target not in _STAGES:
        return target, old, new
    if new:
        raise UsageError(f"three stages: {target}, {old} and {new}", hint="give TARGET FROM TO, or FROM TO")
    return None, target, old
