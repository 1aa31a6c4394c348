"""`migrate log`: what was changed, where, by which rule, and why; and what was left for a person."""

from __future__ import annotations

import argparse
from pathlib import Path

_CLASSES = ("match", "modified", "mismatch", "manual", "unsupported")
_DESCRIPTION = """\
List every change that the applied stages made and every use of the GPU that they left, with file and line (as the
stage left the file), rule, reason and source.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command line."""
    parser = subparsers.add_parser("log", help="what was changed, where, by which rule, why", description=_DESCRIPTION)
    parser.add_argument("target", metavar="TARGET", nargs="?", help="a recipe, or a folder that migrate apply wrote")
    parser.add_argument("--json", action="store_true", help="one JSON record a line")
    parser.add_argument("--stage", metavar="S", help="only this stage")
    parser.add_argument("--file", metavar="GLOB", dest="glob", help="only files that match, for instance '*.py'")
    parser.add_argument("--class", metavar="C", dest="kind", type=_kind, help=f"only one of {', '.join(_CLASSES)}")
    parser.add_argument("--rule", metavar="R", help="only this rule; may be a pattern, for instance 'cuda-*'")
    parser.add_argument("-o", metavar="FILE", dest="output", help="write to a file")
    parser.set_defaults(run=run)


def _kind(text: str) -> str:
    kind = text.removeprefix("hpu_")
    if kind not in _CLASSES:
        raise argparse.ArgumentTypeError(f"there is no class {text!r}; choose one of {', '.join(_CLASSES)}")
    return kind


def run(args: argparse.Namespace) -> int:
    """Show or write the log."""
    from migrator.commands.log_output import show, write  # noqa: PLC0415  # imports what --help does not need
    from migrator.output_place import find_output  # noqa: PLC0415
    from migrator.report.history import chosen, history  # noqa: PLC0415

    name, workspace = find_output(args.target, Path.cwd())
    records = chosen(history(workspace, name, args.stage), glob=args.glob, kind=args.kind, rule=args.rule)
    if args.output:
        write(records, Path(args.output).expanduser(), workspace.path, json=args.json)
    else:
        show(records, json=args.json)
    return 0
