"""Statements put under a new block."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from migrator.core.edit_wrap import wrap
from migrator.core.edits import apply_edits
from migrator.core.file import File, SpotMismatchError

Parsed = Callable[[str | bytes], File]


def wrapped(file: File, first: int = 0, last: int = -1) -> str:
    """The statements of the first loop's body under a with-block."""
    body = next(n for n in file.index.nodes if isinstance(n, ast.For)).body
    after = apply_edits(file.source.text, wrap(file, body[first], body[last], "n = 1\nwith a():")[0]).decode()
    ast.parse(after)
    return after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("for x in y:\n    b()\n    c()\n", "for x in y:\n    n = 1\n    with a():\n        b()\n        c()\n"),
        ("for x in y:\n  b()\n", "for x in y:\n  n = 1\n  with a():\n    b()\n"),
        ("for x in y:\n\tb()\n", "for x in y:\n\tn = 1\n\twith a():\n\t\tb()\n"),
        ("for x in y:\r\n    b()\r\n", "for x in y:\r\n    n = 1\r\n    with a():\r\n        b()\r\n"),
        ("for x in y:\n    b()", "for x in y:\n    n = 1\n    with a():\n        b()"),
        (
            "for x in y:\n    # one\n    b(\n        c,\n    )  # two\n\n    # three\n    d()\n    # four\n",
            "for x in y:\n    # one\n    n = 1\n    with a():\n        b(\n            c,\n        )  # two\n\n"
            "        # three\n        d()\n    # four\n",
        ),
        (
            'for x in y:\n    b("""one\n    two\n""", """\nthree""")\n    if c:\n        d()\n',
            'for x in y:\n    n = 1\n    with a():\n        b("""one\n    two\n""", """\nthree""")\n'
            "        if c:\n            d()\n",
        ),
    ],
)
def test_lines_move_and_strings_keep_their_text(parsed: Parsed, before: str, after: str) -> None:
    assert wrapped(parsed(before)) == after


def test_only_the_named_statements_move(parsed: Parsed) -> None:
    file = parsed("for x in y:\n    b()\n    c()\n    d()\n")
    assert wrapped(file, 1, 1) == "for x in y:\n    b()\n    n = 1\n    with a():\n        c()\n    d()\n"


def test_the_span_holds_all_that_moves(parsed: Parsed) -> None:
    file = parsed("for x in y:\n    b()\n    c()\n")
    body = next(n for n in file.index.nodes if isinstance(n, ast.For)).body
    edits, (start, end) = wrap(file, body[0], body[1], "with a():")
    assert file.source.text[start:end] == b"    b()\n    c()\n"
    assert all(start <= edit.start < end for edit in edits)


@pytest.mark.parametrize("code", ["for x in y: b()\n", "for x in y:\n    b(); c()\n"])
def test_statements_that_share_a_line_are_refused(parsed: Parsed, code: str) -> None:
    with pytest.raises(SpotMismatchError):
        wrapped(parsed(code))
