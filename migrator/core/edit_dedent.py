"""Move lines of a block to the left, without touching the text of multi-line strings."""

from __future__ import annotations

import ast

from migrator.core.edits import Edit
from migrator.core.file import File


def dedent(file: File, block: ast.AST, at: int, indent: bytes, surplus: bytes) -> list[Edit]:
    """Take `surplus` off the lines of `block` from `at` on, and off comments that follow at its body's indentation.

    `indent` is what the lines keep. Lines inside multi-line strings keep their text.
    """
    text, protected = file.source.text, lines_in_strings(file, block)
    end = file.source.span(block)[1]
    edits: list[Edit] = []
    while at < len(text):
        stop = file.source.line_end(at)
        line = text[at:stop]
        inside = at < end
        if not inside and line.strip() and not (line.lstrip().startswith(b"#") and line.startswith(indent + surplus)):
            break
        if line.startswith(indent + surplus) and line.strip() and file.source.line(at) not in protected:
            edits.append(Edit(at + len(indent), at + len(indent) + len(surplus), b""))
        at = stop
    return edits


def lines_in_strings(file: File, block: ast.AST) -> set[int]:
    """Lines that start inside a string literal, whose text must stay as it is."""
    lines: set[int] = set()
    for node in ast.walk(block):
        text = isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
        if (text or isinstance(node, ast.JoinedStr)) and isinstance(node, ast.expr) and _runs_on(file, node):
            lines.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    return lines


def _runs_on(file: File, node: ast.expr) -> bool:
    """Whether a literal itself goes over a line end: triple quotes or a continued line (not mere concatenation)."""
    text = file.text(node)
    return any(mark in text for mark in ('"""', "'''", "\\\n", "\\\r"))
