"""How `migrate log` shows records: coloured on a terminal, as text, as JSON lines, or in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.padding import Padding
from rich.text import Text

from migrator import console
from migrator.report.records import Record, format_records
from migrator.report.screen import LABELS
from migrator.report.textlog import log_lines, text_log
from migrator.report.written_file import check_place, replace_file


def show(records: Sequence[Record], *, json: bool) -> None:
    """Print the records to standard output."""
    if json:
        console.out_bytes(format_records(records))
    elif console.on_terminal():
        screen = console.rich_console()
        for line in log_lines(records):
            indent = len(line) - len(line.lstrip())
            screen.print(Padding(_coloured(line)[indent:], (0, 0, 0, indent)))  # a long line keeps its indent
    else:
        for line in log_lines(records):
            console.out(line)


def _coloured(line: str) -> Text:
    text = Text(line)
    text.highlight_regex(r"^\[[\d :-]+\]", "bright_black")
    text.highlight_regex(r"(?<=\] )\S+:\d+$", "bold")
    text.highlight_regex(r"^        (- .*)", "red")
    text.highlight_regex(r"^        (\+ .*)", "green")
    text.highlight_regex(r"^        (rule|reason|source|advice|renamed):", "bright_black")
    text.highlight_words([" --> "], "bold")
    for label, style in LABELS.items():
        text.highlight_words([label], style)
    return text


def write(records: Sequence[Record], path: Path, output: Path, *, json: bool) -> None:
    """Write the records to a file outside of the migrated `output`."""
    check_place(path, output)
    replace_file(path, format_records(records) if json else text_log(records).encode("utf-8", "backslashreplace"))
    console.out(f"wrote {path}: {len(records)} record{'s' if len(records) != 1 else ''}")
