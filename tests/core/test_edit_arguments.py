"""Arguments of calls in every layout: before and after, and what Python makes of it."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.edit_arguments import add_argument, arguments, keyword, remove_argument, replace_argument
from migrator.core.edit_calls import exchange_arguments, remove_arguments
from migrator.core.edits import Edit, apply_edits
from migrator.core.file import File

Parsed = Callable[[str | bytes], File]


def outer_call(file: File) -> ast.Call:
    value = file.module.body[0].value  # type: ignore[attr-defined]
    assert isinstance(value, ast.Call)
    return value


def edited(file: File, *edits: Edit) -> str:
    after = apply_edits(file.source.text, sorted(edits, key=lambda e: (e.start, e.end))).decode()
    ast.parse(after)
    return after


@pytest.mark.parametrize(
    ("before", "position", "after"),
    [
        ("f(a)", 0, "f()"),
        ("f(a,)", 0, "f()"),
        ("f( a )", 0, "f()"),
        ("f(\n    a,\n)", 0, "f()"),
        ("f(\n    a,  # why\n)", 0, "f(\n)"),
        ("f(\n    # all\n    a\n)", 0, "f(\n    # all\n    \n)"),
        ("f(a, b)", 0, "f(b)"),
        ("f(a, b)", 1, "f(a)"),
        ("f(a, b, c)", 1, "f(a, c)"),
        ("f(a, b,)", 1, "f(a,)"),
        ("f(a, (b), c)", 1, "f(a, c)"),
        ("f(a, ((b)))", 1, "f(a)"),
        ("f((a), b)", 0, "f(b)"),
        ("f(a, k=(b), *c)", 1, "f(a, *c)"),
        ("f(a, **k)", 1, "f(a)"),
        ("f(*a, b)", 0, "f(b)"),
        ("f(g(a, b), c)", 0, "f(c)"),
        ("f(x for x in y)", 0, "f()"),
        ("f((x for x in y), z)", 0, "f(z)"),
        ("(f)(a, b)", 1, "(f)(a)"),
        ("(f # (\n)(a, b)", 1, "(f # (\n)(a)"),
        ("(f\n)(a, b)", 0, "(f\n)(b)"),
        ("f(a)(b, c)", 0, "f(a)(c)"),
        ("f(a,\n  b)", 0, "f(b)"),
        ("f(a,  # about a\n  b)", 0, "f(  # about a\n  b)"),
        ("f(a,  # about a\n  b)", 1, "f(a,  # about a\n  )"),
        ("f(\n    a,\n    b,\n    c,\n)", 1, "f(\n    a,\n    c,\n)"),
        ("f(\n    a,  # A\n    b,  # B\n    c,  # C\n)", 1, "f(\n    a,  # A\n    c,  # C\n)"),
        ("f(\n    a,  # A\n    b,  # B\n    c,  # C\n)", 2, "f(\n    a,  # A\n    b,  # B\n)"),
        ("f(\n    a,\n    # above b\n    b,\n)", 0, "f(\n    # above b\n    b,\n)"),
        ("f(\n    a,\n    ( # (\n     b),\n    c)", 1, "f(\n    a,\n    c)"),
        ("f(\r\n\ta,\r\n\tb,\r\n)", 1, "f(\r\n\ta,\r\n)"),
        ("f(a, '#', b)", 1, "f(a, b)"),
    ],
)
def test_remove(parsed: Parsed, before: str, position: int, after: str) -> None:
    file = parsed(before)
    call = outer_call(file)
    assert edited(file, remove_argument(file, call, arguments(call)[position])) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(k=1)"),
        ("f(\n)", "f(k=1\n)"),
        ("f(a)", "f(a, k=1)"),
        ("f(a,)", "f(a, k=1,)"),
        ("f((a))", "f((a), k=1)"),
        ("f(a)(b)", "f(a)(b, k=1)"),
        ("f(**a)", "f(**a, k=1)"),
        ("f(x for x in y)", "f((x for x in y), k=1)"),
        ("f( x for x in y )", "f(( x for x in y ), k=1)"),
        ("f((x for x in y))", "f((x for x in y), k=1)"),
        ("f(g())", "f(g(), k=1)"),
        ("f(a, b  # B\n)", "f(a, b, k=1  # B\n)"),
        ("f(\n    a\n)", "f(\n    a, k=1\n)"),
        ("f(\n    a,\n)", "f(\n    a,\n    k=1,\n)"),
        ("f(\n    a,\n    b\n)", "f(\n    a,\n    b,\n    k=1\n)"),
        ("f(\n    a,\n    b  # B\n)", "f(\n    a,\n    b,  # B\n    k=1\n)"),
        ("f(\n    a,\n    b,  # B\n)", "f(\n    a,\n    b,  # B\n    k=1,\n)"),
        ("f(\n    a,\n    b  ,  # B\n    # end\n)", "f(\n    a,\n    b  ,  # B\n    k=1,\n    # end\n)"),
        ("f(a,\n  b)", "f(a,\n  b,\n  k=1)"),
        ("f(\r\n\ta,\r\n\tb,\r\n)", "f(\r\n\ta,\r\n\tb,\r\n\tk=1,\r\n)"),
        ("f(a, 'x#y')", "f(a, 'x#y', k=1)"),
    ],
)
def test_add(parsed: Parsed, before: str, after: str) -> None:
    file = parsed(before)
    assert edited(file, add_argument(file, outer_call(file), "k=1")) == after


@pytest.mark.parametrize(
    ("before", "position", "after"),
    [
        ("f(a, b=2)", 0, "f(k=1, b=2)"),
        ("f(a, ((b)))", 1, "f(a, k=1)"),
        ("f(a, k=(b))", 1, "f(a, k=1)"),
        ("f(x for x in y)", 0, "f(k=1)"),
        ("f(a, *(b))", 1, "f(a, k=1)"),
    ],
)
def test_replace(parsed: Parsed, before: str, position: int, after: str) -> None:
    file = parsed(before)
    call = outer_call(file)
    assert edited(file, replace_argument(file, call, arguments(call)[position], "k=1")) == after


@pytest.mark.parametrize(
    ("before", "names", "after"),
    [
        ("f(a, x=1, y=2)", "xy", "f(a, k=1)"),
        ("f(a, x=1, y=2,)", "xy", "f(a, k=1,)"),
        ("f(a, x=1, b=2)", "x", "f(a, b=2, k=1)"),
        ("f(a, x=1, b=2, y=3)", "xy", "f(a, b=2, k=1)"),
        ("f(x=1)", "x", "f(k=1)"),
        ("f(x=1,)", "x", "f(k=1,)"),
        ("f(\n    a,  # A\n    x=1,\n    y=2,  # Y\n)", "xy", "f(\n    a,  # A\n    k=1,  # Y\n)"),
        ("f()", "", "f(k=1)"),
    ],
)
def test_exchange(parsed: Parsed, before: str, names: str, after: str) -> None:
    file = parsed(before)
    call = outer_call(file)
    unwanted = [one for one in (keyword(call, name) for name in names) if one is not None]
    assert edited(file, *exchange_arguments(file, call, unwanted, "k=1")) == after


ARGUMENTS = ["a", "(b)", "((c))", "*d", "g(e, h)", "i=1", "j=(2)", "**l", "m=[x for x in y]", "n='(#,'", "o=(p, q)"]
GAPS = ["", " ", "\n", "\n    ", "  # note (,\n    ", "\r\n\t", " \\\n "]


@st.composite
def calls(draw: st.DrawFn) -> str:
    given = draw(st.lists(st.sampled_from(ARGUMENTS), max_size=5, unique=True))
    given.sort(key=ARGUMENTS.index)
    given.sort(key=lambda one: (one.startswith("**"), one[0] in "ijmno"))
    gaps = st.sampled_from(GAPS)
    callee = draw(st.sampled_from(["f", "(f)", "f.g", "f(a)", "(f # (\n )"]))
    parts = [f"{draw(gaps)}{one}{draw(gaps)}" for one in given]
    trailing = draw(st.sampled_from(["", ",", f",{draw(gaps)}"])) if parts else draw(gaps)
    return f"{callee}({','.join(parts)}{trailing})"


def shape(code: str) -> list[str]:
    value = ast.parse(code).body[0].value  # type: ignore[attr-defined]
    assert isinstance(value, ast.Call)
    return [ast.dump(argument) for argument in [*value.args, *value.keywords]]


@given(calls(), st.data())
def test_python_sees_what_was_asked_for(parsed: Parsed, code: str, data: st.DataObject) -> None:
    file = parsed(code)
    call = outer_call(file)
    given = [*call.args, *call.keywords]
    unwanted = data.draw(st.lists(st.sampled_from(given), unique=True)) if given else []
    kept = [ast.dump(argument) for argument in given if argument not in unwanted]
    new = ast.dump(ast.parse("f(k=1)", mode="eval").body.keywords[0])  # type: ignore[attr-defined]
    assert shape(edited(file, *remove_arguments(file, call, unwanted))) == kept
    assert shape(edited(file, add_argument(file, call, "k=1"))) == [*map(ast.dump, given), new]
    assert shape(edited(file, *exchange_arguments(file, call, unwanted, "k=1"))) == [*kept, new]
    for argument in unwanted[:1]:
        alone = edited(file, remove_argument(file, call, argument))
        assert shape(alone) == [ast.dump(one) for one in given if one is not argument]
