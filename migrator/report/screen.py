"""What the two rich views of a diff share: headers, explanations, and lines with their numbers and colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.style import Style
from rich.text import Text

from migrator.core.visible import visible
from migrator.report.diffstat import display_name
from migrator.report.filediff import DiffLine, FileDiff, FileStatus
from migrator.report.highlight import BACKGROUND, GUTTER, WORDS
from migrator.report.pairing import Span
from migrator.report.reasons import UNEXPLAINED, Reason, reasons
from migrator.report.why import Why

LABELS = {
    "hpu_match": "green",
    "hpu_modified": "cyan",
    "hpu_mismatch": "yellow",
    "hpu_manual": "bold yellow",
    "hpu_unsupported": "bold red",
    UNEXPLAINED: "bold red",
}


@dataclass(frozen=True)
class Page:
    """One file's diff with the coloured lines of both its sides."""

    file: FileDiff
    old: Sequence[Text]
    new: Sequence[Text]
    whys: Sequence[Why] | None  # None: explanations were not asked for
    file_why: Why | None = None

    def text(self, line: DiffLine) -> Text:
        """A line of the diff, coloured."""
        side, number = (self.new, line.after) if line.after else (self.old, line.before)
        return side[number - 1].copy() if number and number <= len(side) else Text(visible(line.text))

    @property
    def digits(self) -> int:
        """Columns that the highest line number takes."""
        return len(str(max(len(self.old), len(self.new), 1)))


def file_header(file: FileDiff) -> Rule:
    """The line above a file: its name, what happened to it, how many lines."""
    title = Text(visible(display_name(file)), style="bold")
    if file.status is not FileStatus.MODIFIED:
        title.append(f"  {file.status.value}", style="magenta")
    if file.old_mode:
        title.append(f"  mode {file.old_mode} => {file.mode}", style="magenta")
    title.append("  binary" if file.binary else "")
    if file.hunks:
        title.append(f"  +{file.added}", style="green").append(f" -{file.removed}", style="red")
    return Rule(title, align="left", style="bright_black")


def hunk_header(header: str, section: str) -> Text:
    """The line above a hunk: its ranges and the function it lies in."""
    return Text(f" {header} {visible(section)}".rstrip(), style="bright_black")


def why_block(why: Why) -> Iterator[Padding]:
    """The lines below a hunk: each explanation with its class, reason and source."""
    for reason in reasons(why):
        yield Padding(_title(reason), (0, 0, 0, 3))
        for words, style in ((reason.reason, ""), (reason.source, "bright_black")):
            if words:
                yield Padding(Text(visible(words), style=style), (0, 2, 0, 6))


def _title(reason: Reason) -> Text:
    title = Text("└ ", style="bright_black")
    title.append(reason.label, style=LABELS[reason.label])
    title.append(f"  {visible(reason.title)}", style="bold")
    return title.append(f"  {reason.lines}" if reason.lines else "")


def painted(
    console: Console, text: Text, width: int, op: str, words: Sequence[Span] = (), *, newline: bool = True
) -> list[Text]:
    """A line as rows of exactly `width` columns on the colour of its `op`, changed words brighter."""
    if op in WORDS:
        for start, stop in words:
            text.stylize(WORDS[op], start, stop)
    if not newline:
        text.append(" (no newline at end of file)", style="italic")
    rows = list(text.wrap(console, width, overflow="fold", tab_size=8)) or [Text()]
    for row in rows:
        row.rstrip()
        row.append(" " * max(width - row.cell_len, 0))
        row.stylize_before(background(op))
    return rows


def gutter(number: int | None, digits: int, op: str, first: bool) -> Text:
    """A line's number and sign; blank on the rows that a long line goes on to."""
    label = f"{number if number and first else '':>{digits}} {op if first else ' '} "
    return Text(label, style=GUTTER[op] + background(op))


def background(op: str) -> Style:
    """The colour of a line; of the empty place beside one, for op ""."""
    return Style(bgcolor=BACKGROUND[op])
