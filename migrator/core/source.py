"""One Python file as text the rewriter works on: UTF-8 bytes without a BOM, and where its lines are.

`ast` counts columns in UTF-8 bytes of the decoded text, whatever the file's encoding, so that is the text edits
refer to. `encode` turns the edited text back into the file's own encoding, BOM included.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from migrator.core.linemap import line_starts

_HEAD = re.compile(rb"(?:[^\r\n]*(?:\r\n|\r|\n|\Z)){0,2}")  # the lines in which a coding cookie can stand
TOO_DEEP = "an expression is nested too deeply to parse"


class UnreadableSourceError(Exception):
    """The file is not Python that this interpreter can parse. Its message says why, in one line."""


@dataclass(frozen=True)
class Source:
    """A decoded file. Offsets are into `text`."""

    path: str
    text: bytes
    encoding: str
    bom: bool

    @cached_property
    def starts(self) -> list[int]:
        """Offsets of the starts of lines."""
        return line_starts(self.text)

    def encode(self, text: bytes) -> bytes:
        """The file's own bytes for an edited `text`."""
        raw = text if self.encoding == "utf-8" else text.decode("utf-8").encode(self.encoding)
        return codecs.BOM_UTF8 + raw if self.bom else raw

    def line(self, offset: int) -> int:
        """The 1-based line of an offset."""
        return bisect_right(self.starts, offset)

    def line_start(self, offset: int) -> int:
        """Where the line of an offset starts."""
        return self.starts[self.line(offset) - 1]

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends: the start of the next one, or the end of the text."""
        line = self.line(offset)
        return self.starts[line] if line < len(self.starts) else len(self.text)

    def newline(self, offset: int) -> bytes:
        """The line ending in use at an offset: its own line's, else that of the nearest line before, else LF."""
        for number in range(self.line(offset), 0, -1):
            end = self.starts[number] if number < len(self.starts) else len(self.text)
            for style in (b"\r\n", b"\n", b"\r"):
                if self.text[self.starts[number - 1] : end].endswith(style):
                    return style
        return b"\n"

    def indent(self, offset: int) -> bytes:
        """The white space at the start of the line of an offset."""
        start = self.line_start(offset)
        line = self.text[start : self.line_end(offset)]
        return line[: len(line) - len(line.lstrip(b" \t\f"))]

    def offset(self, line: int, column: int) -> int:
        """The offset of ast's (line, column)."""
        return self.starts[line - 1] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The offsets of a node with a position."""
        start = self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        end = self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return start, end


def decode(path: str, data: bytes) -> Source:
    """Decode a file by its BOM or coding cookie (PEP 263). Raises `UnreadableSourceError`."""
    encoding = _encoding(data)
    bom = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if bom else data
    try:
        text = body.decode(encoding)
        unchanged = text.encode(encoding) == body
    except UnicodeError as error:
        raise UnreadableSourceError(f"is not valid {encoding}: {error}") from error
    except LookupError as error:  # a codec such as rot13, which does not make text of bytes
        raise UnreadableSourceError(str(error)) from error
    if not unchanged:
        raise UnreadableSourceError(f"cannot be read as {encoding} and written back unchanged")
    return Source(path, body if encoding == "utf-8" else text.encode("utf-8"), encoding, bom)


def _encoding(data: bytes) -> str:
    """The encoding that the BOM or cookie names; "utf-8" also for a file with a BOM."""
    lines = _HEAD.match(data)
    head = re.sub(rb"\r\n?", b"\n", lines.group() if lines else b"")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    except SyntaxError as error:
        raise UnreadableSourceError(f"cannot tell its encoding: {error.msg}") from error
    return "utf-8" if encoding == "utf-8-sig" else encoding


def parse(source: Source) -> ast.Module:
    """Parse with this interpreter's grammar. Raises `UnreadableSourceError`, also for too deep nesting."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the upstream's own text, such as invalid escapes
            return ast.parse(source.text.decode("utf-8"))  # a str: the coding cookie no longer holds
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise UnreadableSourceError(f"{where}{error.msg}") from error
    except (RecursionError, MemoryError) as error:
        raise UnreadableSourceError(TOO_DEEP) from error
    except ValueError as error:  # null bytes
        raise UnreadableSourceError(str(error)) from error
