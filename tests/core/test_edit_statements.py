"""Statements inserted, and removed, in every way they can stand on their lines."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.edit_removal import remove_all
from migrator.core.edit_statements import comments, insert_after, insert_before
from migrator.core.edits import Edit, apply_edits
from migrator.core.file import File, SpotMismatchError

Parsed = Callable[[str | bytes], File]


def target(file: File) -> ast.stmt:
    """The statement that is, calls or defines `old`."""
    found = [n for n in file.index.nodes if isinstance(n, ast.stmt) and file.text(n).lstrip("@d\n ").startswith("old")]
    defined = [n for n in file.index.nodes if getattr(n, "name", "") == "old"]
    node = (defined or found)[0]
    assert isinstance(node, ast.stmt)
    return node


def edited(file: File, edit: Edit) -> str:
    after = apply_edits(file.source.text, [edit]).decode()
    ast.parse(after)
    return after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("old()\n", "old()\nnew\n"),
        ("old()", "old()\nnew"),
        ("a\nold()", "a\nold()\nnew"),
        ("old()  # why\nb\n", "old()  # why\nnew\nb\n"),
        ("if a:\n    old()\n    b\n", "if a:\n    old()\n    new\n    b\n"),
        ("if a:\n\told()\nelse:\n\tb\n", "if a:\n\told()\n\tnew\nelse:\n\tb\n"),
        ("if a:\r\n    old()\r\nb\r\n", "if a:\r\n    old()\r\n    new\r\nb\r\n"),
        ("old(\n  1,\n)\nb\n", "old(\n  1,\n)\nnew\nb\n"),
        ("old('''\nx\n''')\nb\n", "old('''\nx\n''')\nnew\nb\n"),
        ("if a: old()\n", "if a: old(); new\n"),
        ("if a: old()  # why\n", "if a: old(); new  # why\n"),
        ("if a: b; old()\n", "if a: b; old(); new\n"),
        ("if a: old(); b\nelse: c\n", "if a: old(); new; b\nelse: c\n"),
        ("old(); b\n", "old(); new; b\n"),
        ("a; old()\n", "a; old()\nnew\n"),
        ("a; old();\n", "a; old(); new;\n"),
        ("old();\n", "old(); new;\n"),
        ("x = [\n1]; old()\n", "x = [\n1]; old(); new\n"),
        ("a; \\\n  old()\nb\n", "a; \\\n  old(); new\nb\n"),
        ("if a: \\\n  old()\nb\n", "if a: \\\n  old(); new\nb\n"),
        ("# a \\\nold()\nb\n", "# a \\\nold()\nnew\nb\n"),
        ("def old():\n    a\nb\n", "def old():\n    a\nnew\nb\n"),
        ("def old(): a\nb\n", "def old(): a\nnew\nb\n"),
        ("if a:\n    @d\n    def old():\n        c\n", "if a:\n    @d\n    def old():\n        c\n    new\n"),
    ],
)
def test_insert_after(parsed: Parsed, before: str, after: str) -> None:
    file = parsed(before)
    assert edited(file, insert_after(file, target(file), "new")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("old()\n", "new\nold()\n"),
        ("old()", "new\nold()"),
        ("# c\nold()\n", "# c\nnew\nold()\n"),
        ("if a:\n\told()\n", "if a:\n\tnew\n\told()\n"),
        ("if a:\r\n  old()\r\n", "if a:\r\n  new\r\n  old()\r\n"),
        ("if a: old()\n", "if a: new; old()\n"),
        ("a; old()\n", "a; new; old()\n"),
        ("a; \\\n  old()\n", "a; \\\n  new; old()\n"),
        ("if a: \\\n  old()\n", "if a: \\\n  new; old()\n"),
        ("@d\ndef old(): pass\n", "new\n@d\ndef old(): pass\n"),
        ("@d\n@(\nd)\nclass old: pass\n", "new\n@d\n@(\nd)\nclass old: pass\n"),
    ],
)
def test_insert_before(parsed: Parsed, before: str, after: str) -> None:
    file = parsed(before)
    assert edited(file, insert_before(file, target(file), "new")) == after


def test_nothing_stands_before_an_elif(parsed: Parsed) -> None:
    file = parsed("if a:\n    b\nelif c:\n    d\n")
    with pytest.raises(SpotMismatchError, match="elif"):
        insert_before(file, file.module.body[0].orelse[0], "new")  # type: ignore[attr-defined]


def test_comments_of_a_piece() -> None:
    assert comments(b"with a('#'):  # coding: latin-1\r# b\r\n\tc = '''\n# d\n'''  # \xc3\xa9") == [
        b"# coding: latin-1",
        b"# b",
        "# é".encode(),
    ]
    assert comments(b"with (a,  # one\n  b):  # two\n") == [b"# one", b"# two"]


HEADERS = ["if a", "for x in y", "while a", "with a as b", "def f()", "class A", "try"]


@st.composite
def programs(draw: st.DrawFn, indent: str = "", depth: int = 0) -> str:
    """Small programs with all kinds of blocks, line endings and shared lines; every statement has a number."""
    step = draw(st.sampled_from(["    ", "\t", "  "]))
    end = draw(st.sampled_from(["\n", "\r\n", "  # c\n"]))
    simple = st.sampled_from(["f()", "f(\n1)", "x = '''\n# s\n'''", "f(); g()", "f(); \\\n  g()", "f();", "pass"])
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 8 if depth < 2 else 4))
        if kind <= 3:
            lines.append(f"{indent}{draw(simple)}{end}")
        elif kind == 4:
            lines.append(f"{indent}if a: {draw(st.sampled_from(['f()', 'f(); g()', 'f();']))}{end}")
        else:
            body = draw(programs(indent + step, depth + 1))
            header = draw(
                st.sampled_from(["if a", "for x in y", "while a", "with a as b", "def f()", "class A", "try"])
            )
            lines.append(f"{indent}{header}:{end}{body}")
            if header == "try":
                lines.append(f"{indent}finally:{end}{draw(programs(indent + step, depth + 1))}")
            elif header == "if a" and draw(st.booleans()):
                other = draw(st.sampled_from(["else", "elif b"]))
                lines.append(f"{indent}{other}:{end}{draw(programs(indent + step, depth + 1))}")
        if draw(st.integers(0, 4)) == 0:
            lines.append(f"{draw(st.sampled_from(['', indent]))}# comment{end}")
    return "".join(lines)


@given(programs(), st.data())
def test_python_sees_the_edit_in_its_block_and_nothing_else(parsed: Parsed, code: str, data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        code = code.rstrip("\r\n")
    file = parsed(code)
    statements = [n for n in file.index.nodes if isinstance(n, ast.stmt)]
    chosen = data.draw(st.sampled_from(statements))
    suite = file.suite(chosen)
    at = suite.index(chosen)
    new = ast.parse("new()").body[0]
    is_elif = file.text(chosen).startswith("if") is False and isinstance(chosen, ast.If)
    if is_elif:
        return
    for edit, changed in [
        (insert_after, [*suite[: at + 1], new, *suite[at + 1 :]]),
        (insert_before, [*suite[:at], new, *suite[at:]]),
    ]:
        result = ast.parse(apply_edits(file.source.text, [edit(file, chosen, "new()")]).decode())
        kept = list(suite)
        suite[:] = changed
        wanted = ast.dump(file.module)
        suite[:] = kept
        assert ast.dump(result) == wanted


def simple(module: ast.Module) -> list[str]:
    """The statements that hold no others, in order, `pass` aside."""
    found = [n for n in ast.walk(module) if isinstance(n, ast.stmt) and not hasattr(n, "body")]
    found.sort(key=lambda n: (n.lineno, n.col_offset))
    return [ast.dump(n) for n in found if not isinstance(n, ast.Pass)]


@given(programs(), st.data())
def test_what_is_removed_goes_alone(parsed: Parsed, code: str, data: st.DataObject) -> None:
    file = parsed(code)
    statements = [n for n in file.index.nodes if isinstance(n, ast.stmt) and not hasattr(n, "body")]
    chosen = data.draw(st.lists(st.sampled_from(statements), min_size=1, unique=True))
    result = ast.parse(apply_edits(file.source.text, remove_all(file, chosen)).decode())
    gone = [ast.dump(n) for n in chosen if not isinstance(n, ast.Pass)]
    left = simple(file.module)
    for one in gone:
        left.remove(one)
    assert sorted(simple(result)) == sorted(left)
