"""Expressions put in place of others."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from migrator.core.edit_expressions import rename, replace
from migrator.core.edits import apply_edits
from migrator.core.file import File, SpotMismatchError

Parsed = Callable[[str | bytes], File]


def named(file: File, name: str) -> ast.expr:
    nodes = [n for n in file.index.nodes if isinstance(n, (ast.Name, ast.Attribute, ast.Constant))]
    return next(n for n in nodes if file.text(n) == name)


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        ("old.backward()", "a + b", "(a + b).backward()"),
        ("old.backward()", "a.b(c)", "a.b(c).backward()"),
        ("old.backward()", "(a + b)", "(a + b).backward()"),
        ("old.backward()", "(a) + (b)", "((a) + (b)).backward()"),
        ("old.real", "1", "(1).real"),
        ("old.real", "'x'", "'x'.real"),
        ("old.real", "-1", "(-1).real"),
        ("x = old * 2", "a + b", "x = (a + b) * 2"),
        ("x = old", "a + b", "x = a + b"),
        ("x = old", "a, b", "x = a, b"),
        ("x = old", "(y := a)", "x = (y := a)"),
        ("f(old)", "a + b", "f(a + b)"),
        ("f(old)", "a, b", "f((a, b))"),
        ("f(old)", "(a), (b)", "f(((a), (b)))"),
        ("f(old)", "(a, b)", "f((a, b))"),
        ("f(*old)", "a or b", "f(*(a or b))"),
        ("f(k=old)", "a or b", "f(k=a or b)"),
        ("f(k=old)", "a, b", "f(k=(a, b))"),
        ("old(x)", "lambda y: y", "(lambda y: y)(x)"),
        ("x[old]", "-1", "x[-1]"),
        ("old[0]", "a or b", "(a or b)[0]"),
        ("if old: pass", "not a", "if not a: pass"),
        ("if old: pass", "a, b", "if (a, b): pass"),
        ("return_ = [old, 1]", "-1", "return_ = [-1, 1]"),
        ("x = old if a else b", "c if d else e", "x = (c if d else e) if a else b"),
        ("x = 1 if(old)else b", "a", "x = 1 if(a)else b"),
    ],
)
def test_replace(parsed: Parsed, before: str, new: str, after: str) -> None:
    file = parsed(before)
    assert apply_edits(file.source.text, [replace(file, named(file, "old"), new)]).decode() == after
    ast.parse(after)


def test_a_name_in_place_of_a_string_does_not_grow_into_its_neighbours(parsed: Parsed) -> None:
    file = parsed("x = 'old'if a else'old'\n")
    strings = [n for n in file.index.nodes if isinstance(n, ast.Constant)]
    edits = sorted((replace(file, node, "name") for node in strings), key=lambda edit: edit.start)
    assert apply_edits(file.source.text, edits) == b"x = name if a else name\n"


def test_rename(parsed: Parsed) -> None:
    file = parsed("torch.cuda.amp(x)\n")
    call = next(n for n in file.index.nodes if isinstance(n, ast.Call))
    assert apply_edits(file.source.text, [rename(file, call.func, "torch.amp")]) == b"torch.amp(x)\n"


@pytest.mark.parametrize("code", ["(torch\n.cuda)()", "torch . cuda()", "(torch).cuda()", "(torch. # x\ncuda)()"])
def test_rename_wants_the_name_in_one_piece(parsed: Parsed, code: str) -> None:
    file = parsed(code)
    call = next(n for n in file.index.nodes if isinstance(n, ast.Call))
    with pytest.raises(SpotMismatchError, match=r"expected 'torch\.cuda'"):
        rename(file, call.func, "torch.hpu")
