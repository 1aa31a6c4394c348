from __future__ import annotations

import ast

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.edit_arguments import arguments
from migrator.core.edit_calls import add_first_argument, keep_argument, name_arguments, operand, remove_arguments
from migrator.core.edits import Edit, apply_edits
from migrator.core.file import Context, File, read


def call_in(code: str) -> tuple[File, ast.Call]:
    file = read("f.py", code.encode(), Context(make_target(None, None, None, None), load_api_map()))
    return file, next(call for call in file.index.calls if file.text(call.func) == "f")


def edited(file: File, edits: list[Edit]) -> str:
    after = apply_edits(file.source.text, sorted(edits, key=lambda edit: edit.start)).decode()
    ast.parse(after)
    return after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(drop)", "f()"),
        ("f(a, drop, b)", "f(a, b)"),
        ("f(a, drop, drop=drop)", "f(a)"),
        ("f(drop=drop, a=a)", "f(a=a)"),
        ("f((drop), a)", "f(a)"),
        ("f(drop,)", "f()"),
        ("f(\n    a,\n    drop,  # gone\n    # of b\n    b,\n)", "f(\n    a,\n    # of b\n    b,\n)"),
        ("f(a, drop,\n  b)", "f(a,\n  b)"),
        ("f(a,  # of a\n  drop)", "f(a,  # of a\n  )"),
        ("f(\n    drop,\n    a)", "f(\n    a)"),
        ("f(\n    a,\n    drop\n)", "f(\n    a\n)"),
    ],
)
def test_remove_arguments(before, after):
    file, call = call_in(before)
    values = ((a, a.value if isinstance(a, ast.keyword) else a) for a in arguments(call))
    unwanted = [a for a, value in values if "drop" in file.text(value)]
    assert edited(file, remove_arguments(file, call, unwanted)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(x).g()", "x.g()"),
        ("f(a + b).g()", "(a + b).g()"),
        ("f((a + b)).g()", "(a + b).g()"),
        ("y = f(a + b)", "y = a + b"),
        ("y = f(a +\n  b)", "y = (a +\n  b)"),
        ("y = f(g(\n  b))", "y = g(\n  b)"),
        ("y = c * f(a + b)", "y = c * (a + b)"),
        ("g(f(a + b))", "g(a + b)"),
        ("f(a or b)(c)", "(a or b)(c)"),
        ("f(1).real", "(1).real"),
        ("f(y := 1)", "(y := 1)"),
    ],
)
def test_keep_argument(before, after):
    file, call = call_in(before)
    assert edited(file, keep_argument(file, call, call.args[0])) == after


def test_name_and_add_arguments():
    file, call = call_in("f(a, b, (c), k=1)")
    edits = [add_first_argument(file, call, "new"), *name_arguments(file, call, ("x", "y", "z"), after=1)]
    assert edited(file, edits) == "f(new, a, y=b, z=(c), k=1)"


def test_operand():
    file, call = call_in("f(a.b, a + b, (1, 2), 3, 'x')")
    assert [operand(file, argument) for argument in call.args] == ["a.b", "(a + b)", "(1, 2)", "(3)", "'x'"]
