"""With-blocks taken apart."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.edit_with import remove_item, unwrap
from migrator.core.edits import apply_edits
from migrator.core.file import File, SpotMismatchError

Parsed = Callable[[str | bytes], File]


def block(file: File) -> ast.With | ast.AsyncWith:
    return next(n for n in file.index.nodes if isinstance(n, (ast.With, ast.AsyncWith)))


def unwrapped(file: File) -> str:
    after = apply_edits(file.source.text, unwrap(file, block(file))[0]).decode()
    ast.parse(after)
    return after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("with a:\n    b\nc\n", "b\nc\n"),
        ("with a:\n    b", "b"),
        ("with a: b\n", "b\n"),
        ("with a: b; c  # d\n", "b; c  # d\n"),
        ("with (  # one\n    a\n): b\n", "# one\nb\n"),
        ("with a as x:  # header\n    b\n", "# header\nb\n"),
        ("with a:\n    # first\n\n    b\n    # last\n# outside\nc\n", "# first\n\nb\n# last\n# outside\nc\n"),
        ("with (a(  # one\n    1)\n):  # two\n    b\n", "# one\n# two\nb\n"),
        ("if x:\n\twith a:\n\t\tb\n\t\tif c:\n\t\t\td\n\te\n", "if x:\n\tb\n\tif c:\n\t\td\n\te\n"),
        ("if x:\r\n  with a:  # h\r\n     b\r\n", "if x:\r\n  # h\r\n  b\r\n"),
        ("with a:\n    b = '''\n    text\n  '''\n    c\n", "b = '''\n    text\n  '''\nc\n"),
        ("with a:\n    b = f'''\n    {x}\n    '''\n", "b = f'''\n    {x}\n    '''\n"),
        ("with a:\n    b = 'x\\\n    y'\n", "b = 'x\\\n    y'\n"),
        ("with a:\n    b = ('x'\n         'y')\n", "b = ('x'\n     'y')\n"),
        ("with a:\n    b(\n  1)\n    c\n", "b(\n  1)\nc\n"),
        ("with a:\n    b + \\\n      c\n", "b + \\\n  c\n"),
        ("with a:\n# left\n    b\n", "# left\nb\n"),
        ("async def f():\n    async with a:\n        await b\n", "async def f():\n    await b\n"),
        ("with a:\n    @d\n    def f():\n        pass\n", "@d\ndef f():\n    pass\n"),
        ("with a['x:#']:\n    b\n", "b\n"),
        ("with a: \\\n    b\n", "b\n"),
        ("with a:\n    with b:\n        c\n", "with b:\n    c\n"),
    ],
)
def test_unwrap(parsed: Parsed, before: str, after: str) -> None:
    assert unwrapped(parsed(before)) == after


def test_the_span_that_is_reindented_covers_all_that_moves(parsed: Parsed) -> None:
    file = parsed("x\nwith a:\n    b\n    # last\nc\n")
    edits, (start, end) = unwrap(file, block(file))
    assert file.source.text[start:end].startswith(b"with a:")
    assert all(edit.start >= start and edit.end <= end for edit in edits)


def test_several_items_are_not_unwrapped(parsed: Parsed) -> None:
    file = parsed("with a, b:\n    c\n")
    with pytest.raises(ValueError, match="remove the item instead"):
        unwrap(file, block(file))


@pytest.mark.parametrize(
    ("before", "position", "after"),
    [
        ("with a, b:\n    c\n", 0, "with b:\n    c\n"),
        ("with a, b:\n    c\n", 1, "with a:\n    c\n"),
        ("with a as x, b as y, d:\n    c\n", 1, "with a as x, d:\n    c\n"),
        ("with a, \\\n     b:\n    c\n", 0, "with b:\n    c\n"),
        ("with a, \\\n     b:\n    c\n", 1, "with a:\n    c\n"),
        ("with (a,\n      b):\n    c\n", 0, "with (b):\n    c\n"),
        ("with (\n    a,  # A\n    b,\n):\n    c\n", 0, "with (\n    b,\n):\n    c\n"),
        ("with (\n    a,  # A\n    b,\n):\n    c\n", 1, "with (\n    a,  # A\n):\n    c\n"),
        ("with (a,  # A\n      b):\n    c\n", 0, "with (  # A\n      b):\n    c\n"),
        ("with (a,  # A\n      b):\n    c\n", 1, "with (a,  # A\n      ):\n    c\n"),
    ],
)
def test_remove_item(parsed: Parsed, before: str, position: int, after: str) -> None:
    file = parsed(before)
    owner = block(file)
    result = apply_edits(file.source.text, [remove_item(file, owner, owner.items[position])]).decode()
    left = [ast.dump(item) for item in owner.items if item is not owner.items[position]]
    assert [ast.dump(item) for item in ast.parse(result).body[0].items] == left  # type: ignore[attr-defined]
    assert result == after


def test_an_item_in_brackets_of_its_own_is_left_to_a_person(parsed: Parsed) -> None:
    file = parsed("with (a), (b):\n    c\n")
    owner = block(file)
    with pytest.raises(SpotMismatchError):
        remove_item(file, owner, owner.items[0])


BODY = st.lists(
    st.sampled_from(
        ["f()", "x = '''\n  s\n'''", "g(\n 1,\n)", "# note", "if a:\n{}    b\n{}# n", "with z: y", "", "h(); i()"]
    ),
    min_size=1,
    max_size=6,
).map(lambda lines: [*lines, "last()"])


@given(
    BODY, st.sampled_from(["", "    ", "\t"]), st.sampled_from(["  ", "\t", "    "]), st.sampled_from(["\n", "\r\n"])
)
def test_the_body_and_its_comments_stay(parsed: Parsed, body: list[str], indent: str, step: str, newline: str) -> None:
    deep = indent + step
    lines = [f"{deep}{line.format(deep, deep)}" if line else "" for line in body]
    opening = ["if q:"] if indent else []
    code = newline.join(
        [*opening, f"{indent}with a:", *(x.replace("\n", newline) for x in lines), f"{indent}end()", ""]
    )
    file = parsed(code)
    owner = block(file)
    result = apply_edits(file.source.text, unwrap(file, owner)[0]).decode()
    suite = file.suite(owner)
    at = suite.index(owner)
    suite[at : at + 1] = owner.body
    assert ast.dump(ast.parse(result)) == ast.dump(file.module)
    assert result.count("#") == code.count("#")
    assert result.count("\r") == result.count("\n") * (newline == "\r\n")
