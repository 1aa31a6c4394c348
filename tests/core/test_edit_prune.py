"""Removing a statement with the branches that it leaves empty."""

from __future__ import annotations

import ast
import textwrap

import pytest

from migrator.core.api_map import ApiMap
from migrator.core.edit_prune import prune
from migrator.core.edits import apply_edits
from migrator.core.file import Context, File, read
from migrator.core.target import Chip, ExecutionMode, Release, Target

RELEASE = Release("1.23", "2.9", ExecutionMode.EAGER, (ExecutionMode.LAZY,), "autocast", "hpu_backend", True, {})
CONTEXT = Context(Target(RELEASE, ExecutionMode.LAZY, Chip.GAUDI2), ApiMap())


def gone(file: File) -> ast.stmt:
    """The statement `gone()`."""
    calls = (call for call in file.index.calls if isinstance(call.func, ast.Name) and call.func.id == "gone")
    return file.statement(next(calls))


def pruned(code: str) -> str:
    """`code` without the statement `gone()`."""
    file = read("a.py", textwrap.dedent(code).encode(), CONTEXT)
    text = apply_edits(file.source.text, [prune(file, gone(file))])
    ast.parse(text)
    return text.decode()


CASES = {
    "among others": ("a()\ngone()\nb()\n", "a()\nb()\n"),
    "branch": ("a()\nif x:\n    gone()\nb()\n", "a()\nb()\n"),
    "one line": ("a()\nif x: gone()\nb()\n", "a()\nb()\n"),
    "branch of a branch": (
        "if x:\n    a()\n    if y:\n        if z.z:\n            gone()\nb()\n",
        "if x:\n    a()\nb()\n",
    ),
    "only statement of a function": ("def f():\n    if x:\n        gone()\n", "def f():\n    pass\n"),
    "else": ("if x:\n    a()\nelse:\n    gone()\nb()\n", "if x:\n    a()\nb()\n"),
    "if inside else": ("if x:\n    a()\nelse:\n    if y:\n        gone()\nb()\n", "if x:\n    a()\nb()\n"),
    "elif": ("if x:\n    a()\nelif y:\n    gone()\nb()\n", "if x:\n    a()\nb()\n"),
    "elif with else": (
        "if x:\n    a()\nelif y:\n    gone()\nelse:\n    b()\n",
        "if x:\n    a()\nelif not y:\n    b()\n",
    ),
    "last elif": (
        "if x:\n    a()\nelif y:\n    b()\nelif z:\n    gone()\n",
        "if x:\n    a()\nelif y:\n    b()\n",
    ),
    "body before else": ("if x == 1:\n    gone()\nelse:\n    b()\n", "if not x == 1:\n    b()\n"),
    "body before else, negated": ("if not x:\n    gone()\nelse:\n    b()\n", "if x:\n    b()\n"),
    "body before else, two conditions": (
        "if x and y:\n    gone()\nelse:  # b\n    b()\n",
        "if not (x and y):  # b\n    b()\n",
    ),
    "body before elif": ("if x:\n    gone()\nelif y:\n    b()\n", "if x:\n    pass\nelif y:\n    b()\n"),
    "comments": (
        "if x:\n    # why\n    gone()  # now\nb()\n",
        "# why\nb()\n",
    ),
    "comment in else": ("if x:\n    a()\nelse:\n    # why\n    gone()\nb()\n", "if x:\n    a()\n# why\nb()\n"),
    "comment before else": (
        "if x:\n    # why\n    gone()\nelse:\n    b()\n",
        "if x:\n    # why\n    pass\nelse:\n    b()\n",
    ),
    "condition that acts": ("if begin():\n    gone()\n", "if begin():\n    pass\n"),
    "condition that binds": ("if (y := x):\n    gone()\n", "if (y := x):\n    pass\n"),
    "condition that asks": ("if isinstance(x, int) and len(x) > 1:\n    gone()\n", ""),
    "loop": ("for x in y:\n    gone()\n", "for x in y:\n    pass\n"),
    "line endings": ("if x:\r\n    gone()\r\nb()\r\n", "b()\r\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_prune(case: str) -> None:
    before, after = CASES[case]
    assert pruned(before) == after


@pytest.mark.parametrize("own", ["from mine import len", "def len(x):\n    return x"])
def test_a_builtin_of_the_files_own_may_do_anything(own: str) -> None:
    code = f"{own}\nif len(x):\n    gone()\n"
    assert pruned(code) == code.replace("gone()", "pass")
