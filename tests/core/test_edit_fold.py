from __future__ import annotations

import ast

import pytest

from migrator.core.edit_fold import fold
from migrator.core.edits import apply_edits
from migrator.core.file import Context, read


@pytest.fixture
def check(context: Context):
    """check(before, after): the `if` whose test is `yes` or `no` is folded, with each indentation and line ending."""

    def check(before: str, after: str) -> None:
        for indent in ("    ", "\t", "  "):
            for newline in ("\n", "\r\n"):
                old, new = (t.replace("    ", indent).replace("\n", newline).encode() for t in (before, after))
                assert folded(old, context) == new

    return check


def folded(data: bytes, context: Context) -> bytes:
    file = read("f.py", data, context)
    blocks = [n for n in file.index.nodes if isinstance(n, ast.If) and isinstance(n.test, ast.Name)]
    (block,) = (b for b in blocks if file.text(b.test) in ("yes", "no"))
    result = fold(file, block, taken=file.text(block.test) == "yes")
    return apply_edits(file.source.text, sorted(result.edits, key=lambda e: e.start))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if yes:\n    a\n    b\nc\n", "a\nb\nc\n"),
        ("if yes:\n    a\nelse:\n    b\nc\n", "a\nc\n"),
        (
            "if yes:  # why\n    # 1\n    a  # 2\nelse:  # other\n    # 3\n    b\n    # 4\nc\n",
            "# why\n# 1\na  # 2\nc\n",
        ),
        ("if yes:\n    a\nelif x:\n    b\nelse:\n    c\nd\n", "a\nd\n"),
        ("if x:\n    a\nelif yes:  # why\n    b\nelse:\n    c\nd\n", "if x:\n    a\nelse:  # why\n    b\nd\n"),
        ("if x:\n    a\nelif yes:\n    b\nd\n", "if x:\n    a\nelse:\n    b\nd\n"),
        ("if yes: a; b\nelse: c\nd\n", "a; b\nd\n"),
        (
            "def f():\n    if yes:\n        if x:\n            a\n    else:\n        b\n",
            "def f():\n    if x:\n        a\n",
        ),
        ("if yes:\n    a\nelse:\n    b", "a\n"),
        ("if (\n    yes  # why\n):  # so\n    a\n", "# why\n# so\na\n"),
        ('if yes:\n    """one\n    two\n"""\n    a\nelse:\n    b\n', '"""one\n    two\n"""\na\n'),
    ],
)
def test_always(check, before, after):
    check(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if no:\n    a\nb\n", "b\n"),
        ("def f():\n    if no:\n        a\n", "def f():\n    pass\n"),
        ("if no:\n    a\nelse:  # why\n    # first\n    b\n    c\nd\n", "# why\n# first\nb\nc\nd\n"),
        ("if no:\n    a\n    # of a\nelif x:\n    b\nelse:\n    c\n", "if x:\n    b\nelse:\n    c\n"),
        ("if x:\n    a\nelif no:\n    b\nelse:\n    c\n", "if x:\n    a\nelse:\n    c\n"),
        ("if x:\n    a\nelif no:\n    b\nelif y:\n    c\n", "if x:\n    a\nelif y:\n    c\n"),
        ("if x:\n    a\nelif no:\n    b\nc\n", "if x:\n    a\nc\n"),
        ("if no: a\nelse: b; c\nd\n", "b; c\nd\n"),
    ],
)
def test_never(check, before, after):
    check(before, after)
