"""How `migrate diff` shows a difference: on a terminal, in a pipe, as JSON, as numbers, or in a file."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from migrator import console
from migrator.core.tree import Tree
from migrator.errors import UsageError
from migrator.report.diff_json import as_json
from migrator.report.diffstat import diffstat, totals
from migrator.report.highlight import coloured_lines
from migrator.report.reasons import with_comments
from migrator.report.screen import Page
from migrator.report.sidebyside import side_by_side
from migrator.report.stage_diff import StageDiff
from migrator.report.unified import unified
from migrator.report.written_file import check_place, replace_file

WIDE = 140  # columns from which two lines of code fit side by side
_PIPED_WIDTH = 160


def show(diff: StageDiff, args: argparse.Namespace) -> None:
    """Print the difference to standard output."""
    if args.json:
        console.out(json.dumps(as_json(diff.old.name, diff.new.name, diff.files, diff.whys), indent=2))
    elif args.stat:
        _show_stat(diff)
    elif args.side_by_side or console.on_terminal():
        _show_pages(diff, args)
    else:
        console.out_bytes(with_comments(diff.text, diff.files, diff.whys) if args.why else diff.text)


def _show_stat(diff: StageDiff) -> None:
    screen = console.rich_console()
    for line in diffstat(diff.files, screen.width if console.on_terminal() else 80):
        text = Text(console.visible(line), no_wrap=True)
        text.highlight_regex(r"(?<=[\d+] )\++", "green")
        text.highlight_regex(r"(?<=[\d+] |.\+)-+$", "red")
        screen.print(text, soft_wrap=True)


def _show_pages(diff: StageDiff, args: argparse.Namespace) -> None:
    screen = console.rich_console(None if console.on_terminal() or "COLUMNS" in os.environ else _PIPED_WIDTH)
    wide = args.side_by_side or (screen.width >= WIDE and not args.unified)
    for page in _pages(diff, why=args.why):
        for part in side_by_side(screen, page) if wide else unified(screen, page):
            screen.print(part)
    screen.print(_closing(diff), style="bold")


def _closing(diff: StageDiff) -> str:
    return f"{diff.old.name} → {diff.new.name}: {totals(diff.files) if diff.files else 'no differences'}"


def _pages(diff: StageDiff, *, why: bool) -> Iterator[Page]:
    for number, file in enumerate(diff.files):
        old, new = _data(diff.trees[0], file.old_path), _data(diff.trees[-1], file.path)
        whys = diff.whys[number] if why else None
        lines = (coloured_lines(file.old_path, old), coloured_lines(file.path, new))
        yield Page(file, *lines, whys.hunks if whys else None, whys.file if whys else None)


def _data(tree: Tree, path: str) -> bytes:
    return tree[path].data if path in tree else b""


def write(diff: StageDiff, args: argparse.Namespace) -> None:
    """Write the difference to the file the user named, for `git apply` at the root of a clone of the upstream."""
    if args.json:
        raise UsageError("-o writes a diff, not JSON", hint="write migrate diff --json > FILE")
    path = Path(args.file).expanduser()
    check_place(path, diff.workspace.path)
    replace_file(path, diff.exported())
    if args.stat:
        _show_stat(diff)
    console.out(f"wrote {path}: {_closing(diff)}")
