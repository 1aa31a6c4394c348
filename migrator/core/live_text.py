"""What of a text file is acted upon: a script's lines without its comments, a Markdown file's code without its prose.

Nothing is parsed further than that. Where quotes do not come out even, a script is read line by line: that shows a
comment as text at worst, and hides no command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from migrator.core.linemap import line_starts

_SHELL = (".sh", ".bash", ".ksh", ".zsh", ".sub", ".sbatch", ".slurm")
_SHEBANG = re.compile(rb"#!.*\b(?:ba|da|k|z)?sh\b")
# A comment that acts: what a batch system reads from the head of a script.
_DIRECTIVE = re.compile(r"#(?:SBATCH|PBS|BSUB|\$)(?=\s)")
_HEREDOC = re.compile(r"(?<!<)<<-?(?!<)\s*\\?(['\"]?)([A-Za-z_]\w*)\1")
_FENCE = re.compile(r"\s*(?:>\s*)*(`{3,}|~{3,})(.*)")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


@dataclass(frozen=True)
class LiveLine:
    """A line's 1-based number and what of it counts."""

    number: int
    text: str


def live_lines(path: str, data: bytes) -> Iterator[LiveLine]:
    """The lines of a file that hold more than comments or prose."""
    lines = _lines(data)
    if path.endswith(".md"):
        texts = _code(lines)
    elif path.endswith(_SHELL) or _SHEBANG.match(data):
        texts = _without_comments(lines, across=True) or _without_comments(lines, across=False)
    else:
        texts = _without_comments(lines, across=False)
    return (LiveLine(number, text) for number, text in enumerate(texts, 1) if text.strip())


def _lines(data: bytes) -> list[str]:
    starts = [*line_starts(data), len(data)]
    whole = (data[a:b].decode("utf-8", "replace") for a, b in pairwise(starts))
    return [line.rstrip("\r\n") for line in whole]


def _without_comments(lines: list[str], *, across: bool) -> list[str]:
    """The lines without comments. `across`: quotes and here-documents span lines; empty if a quote stays open."""
    kept: list[str] = []
    quote = ""
    ends: list[str] = []
    for at, line in enumerate(lines):
        if ends:
            kept.append(line)
            if line.strip() == ends[0]:
                del ends[0]
            continue
        text, quote = _uncommented(line, quote if across else "")
        kept.append(text)
        if across and not quote:
            # a shift in arithmetic looks the same, but no later line ends it
            ends = [end for _, end in _HEREDOC.findall(text) if end in (later.strip() for later in lines[at + 1 :])]
    return [] if across and quote else kept


def _uncommented(line: str, quote: str) -> tuple[str, str]:
    """The line up to its comment, and the quote that is open after it."""
    if not quote and _DIRECTIVE.match(line):
        return line, ""
    at = 0
    while at < len(line):
        char = line[at]
        if char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (at == 0 or line[at - 1] in " \t;&|()"):
            return line[:at], ""
        at += 1
    return line, quote


def _code(lines: list[str]) -> list[str]:
    """What stands in fenced and indented blocks and in code spans; the other lines come out empty."""
    kept: list[str] = []
    fence = ""
    for line in lines:
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
            kept.append("")
        elif mark and mark[1].startswith(fence) and not mark[2].strip():
            fence = ""
            kept.append("")
        else:
            whole = fence or line.startswith(("    ", "\t"))
            kept.append(line if whole else "  ".join(code for _, code in _SPAN.findall(line)))
    return kept
