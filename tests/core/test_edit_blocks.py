"""Blocks of lines and headers."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from migrator.core.edit_blocks import block_lines, insert_block_after, insert_block_before, replace_block
from migrator.core.edit_headers import header_colon
from migrator.core.edits import apply_edits
from migrator.core.file import File, SpotMismatchError

Parsed = Callable[[str | bytes], File]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\n", "\ta\r\n"),
        ("\n\n    a\n\n      b\n\n", "\ta\r\n\r\n\t  b\r\n"),
        ("x = '''\n  kept\n\n''' + (\n  y)\nz", "\tx = '''\r\n  kept\r\n\r\n''' + (\r\n\t  y)\r\n\tz\r\n"),
        ("x = f'''\n  {y} kept\n'''\nz", "\tx = f'''\r\n  {y} kept\r\n'''\r\n\tz\r\n"),
        ("a = '\x0c\x85'\r\nb", "\ta = '\x0c\x85'\r\n\tb\r\n"),
        ("else:\n    a", "\telse:\r\n\t    a\r\n"),
    ],
)
def test_block_lines(text: str, lines: str) -> None:
    assert block_lines(text, b"\t", b"\r\n").decode() == lines


@pytest.mark.parametrize("code", ["if a: b\n", "a; b\n", "x; a\n", "a;\n"])
def test_a_block_wants_lines_of_its_own(parsed: Parsed, code: str) -> None:
    file = parsed(code)
    shared = next(n for n in file.index.nodes if isinstance(n, ast.Expr) and file.text(n) in ("a", "b"))
    for edit in (insert_block_before, insert_block_after, replace_block):
        with pytest.raises(SpotMismatchError, match="lines of its own"):
            edit(file, shared, "new")


def test_at_the_end_of_a_file_without_a_final_newline(parsed: Parsed) -> None:
    file = parsed("if a:\n\tb")
    last = file.module.body[0].body[0]  # type: ignore[attr-defined]
    assert apply_edits(file.source.text, [insert_block_after(file, last, "c\nd")]) == b"if a:\n\tb\n\tc\n\td"


@pytest.mark.parametrize(
    "header",
    [
        "if a['x:']:",
        "if (a # x:\n ):",
        "while lambda: a:",
        "for x in {1: 2}:",
        "with a as b[1:2], c:",
        "with (\n  a,  # x:\n):",
        "def f(): ",
        "def f(a: int = 1, /, *b: {1: 2}, c, **d) -> x[1:2]:",
        "def f(a,  # x:\n      ):",
        "async def f():",
        "class A:",
        "class A(B, metaclass=C, ):",
        "@d(lambda: 1)\nclass A:",
    ],
)
def test_the_colon_of_a_header(parsed: Parsed, header: str) -> None:
    code = f"{header.rstrip()}  # x:\n    pass\n"
    file = parsed(code)
    statement = file.module.body[0]
    assert header_colon(file, statement) == len(header.rstrip()) - 1


@pytest.mark.parametrize("code", ["try:\n    a\nfinally:\n    b\n", "a = 1\n", "match a:\n    case 1: pass\n"])
def test_what_has_no_header_to_replace(parsed: Parsed, code: str) -> None:
    file = parsed(code)
    with pytest.raises(SpotMismatchError, match="a compound statement with a header"):
        header_colon(file, file.module.body[0])
