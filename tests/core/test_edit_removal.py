"""Removing statements together with the branches that they leave empty."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.edit_branches import only_asks
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Fix, apply_edits
from migrator.core.engine import rewrite
from migrator.core.file import File
from migrator.core.findings import Finding
from migrator.core.rule import Rule

Parsed = Callable[[str | bytes], File]
MakeRule = Callable[..., Rule]
Removed = Callable[[str], str]


@pytest.fixture(scope="session")
def removed(parsed: Parsed) -> Removed:
    """removed(code) -> the code without its statements `drop(...)`."""

    def remove(code: str) -> str:
        file = parsed(code)
        drops = [n for n in file.index.nodes if isinstance(n, ast.Expr) and file.text(n).startswith("drop(")]
        after = apply_edits(file.source.text, remove_all(file, drops)).decode()
        ast.parse(after)
        return after

    return remove


LINES = {
    "among others": ("a\ndrop()\nb\n", "a\nb\n"),
    "over lines": ("a\ndrop(\n    # one\n    1,\n)\nb\n", "a\nb\n"),
    "last line": ("a\ndrop()", "a\n"),
    "with its comment": ("# a\ndrop()  # b\n# c\n", "# a\n# c\n"),
    "between semicolons": ("a; drop(); b\n", "a; b\n"),
    "behind a semicolon": ("a; drop(); drop()\n", "a\n"),
    "before a semicolon": ("drop(); drop(); b  # c\n", "b  # c\n"),
    "semicolon at the end": ("drop();\nb\n", "b\n"),
    "continued line": ("a; \\\n  drop(); drop()\nb\n", "a\nb\n"),
    "behind brackets": ("x = [\n1]; drop()\ny\n", "x = [\n1]\ny\n"),
    "paragraph": ("a\n\ndrop()\n\nb\n", "a\n\nb\n"),
    "paragraph of several": ("a\n\ndrop()\ndrop()\n\nb\n", "a\n\nb\n"),
    "paragraphs": ("a\n\ndrop()\n\ndrop()\n\nb\n", "a\n\nb\n"),
    "comment between": ("a\n\ndrop()\n# c\ndrop()\n\nb\n", "a\n\n# c\n\nb\n"),
    "before a function": ("a\n\ndrop()\n\n\ndef f(): pass\n", "a\n\n\ndef f(): pass\n"),
    "first of a block": ("if x:\n    drop()\n\n    a\n", "if x:\n    a\n"),
    "first of a file": ("drop()\n\na\n", "a\n"),
    "CRLF": ("a\r\ndrop()\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
}

BRANCHES = {
    "branch": ("a\nif x:\n    drop()\n    drop()\nb\n", "a\nb\n"),
    "branch on a line": ("if x: drop(); drop()\nb\n", "b\n"),
    "branch on a line, in part": ("if x: drop(); a; drop()\n", "if x: a\n"),
    "branch with a pass": ("if x:\n    pass\n    drop()\nb\n", "b\n"),
    "branch of a branch": ("if x:\n    a\n    if y:\n        if z.z:\n            drop()\nb\n", "if x:\n    a\nb\n"),
    "branches inside and out": ("if x:\n    if y:\n        drop()\n    drop()\nb\n", "b\n"),
    "all branches": ("if x:\n    drop()\nelif y:\n    drop()\nelse:\n    drop()\nb\n", "b\n"),
    "else": ("if x:\n    a\nelse:  # or\n    drop()\nb\n", "if x:\n    a\nb\n"),
    "else on a line": ("if x: a\nelse: drop()\nb\n", "if x: a\nb\n"),
    "else after an empty line": ("if x:\n    a\n\nelse:\n    drop()\n\nb\n", "if x:\n    a\n\nb\n"),
    "else that passes": ("if x:\n    drop()\nelse:\n    pass\nb\n", "b\n"),
    "else of a loop": ("for x in y:\n    a\nelse:\n    drop()\n", "for x in y:\n    a\n"),
    "else of a try": (
        "try:\n    a\nexcept E:\n    b\nelse:\n    drop()\nfinally:\n    c\n",
        "try:\n    a\nexcept E:\n    b\nfinally:\n    c\n",
    ),
    "if inside else": ("if x:\n    a\nelse:\n    if y:\n        drop()\nb\n", "if x:\n    a\nb\n"),
    "elif": ("if x:\n    a\nelif y:\n    drop()\nb\n", "if x:\n    a\nb\n"),
    "elif and else": ("if x:\n    a\nelif y:\n    drop()\nelse:\n    drop()\nb\n", "if x:\n    a\nb\n"),
    "elif before else": ("if x:\n    a\nelif y:\n    drop()\nelse:\n    b\n", "if x:\n    a\nelif not y:\n    b\n"),
    "last elif": ("if x:\n    a\nelif y:\n    b\nelif z:\n    drop()\n", "if x:\n    a\nelif y:\n    b\n"),
    "elif that acts": ("if x:\n    a\nelif y():\n    drop()\n", "if x:\n    a\nelif y():\n    pass\n"),
    "body before elif": ("if x:\n    drop()\nelif y:\n    b\n", "if x:\n    pass\nelif y:\n    b\n"),
    "body before elif, by several": (
        "if x:\n    drop()\n    # c\n    drop()\nelif y:\n    b\n",
        "if x:\n    # c\n    pass\nelif y:\n    b\n",
    ),
    "bodies before else": (
        "if x:\n    drop()\nelif y:\n    drop()\nelse:\n    b\n",
        "if x:\n    pass\nelif not y:\n    b\n",
    ),
    "body before else": ("if x == 1:\n    drop()\nelse:\n    b\n", "if not x == 1:\n    b\n"),
    "body before else, on lines": ("if x: drop()\nelse: b\n", "if not x: b\n"),
    "body before else, negated": ("if not x:\n    drop()\nelse:\n    b\n", "if x:\n    b\n"),
    "body before else, acting": ("if x():\n    drop()\nelse:\n    b\n", "if not x():\n    b\n"),
    "body before else, opposite": ("if x is None:\n    drop()\nelse:\n    b\n", "if x is not None:\n    b\n"),
    "body before else, not in": ("if ' in ' not in x:\n    drop()\nelse:\n    b\n", "if ' in ' in x:\n    b\n"),
    "body before else, two tests": ("if x and y:\n    drop()\nelse:  # b\n    b\n", "if not (x and y):  # b\n    b\n"),
    "body before else, test over lines": (
        "if (x ==\n    y):\n    drop()\nelse:\n    b\n",
        "if not (x ==\n    y):\n    b\n",
    ),
    "both branches of a test that acts": ("if f():\n    drop()\nelse:\n    drop()\n", "if f():\n    pass\n"),
}

STAYS = {
    "function": ("def f():\n    if x:\n        drop()\n", "def f():\n    pass\n"),
    "class": ("class A: drop()\n", "class A: pass\n"),
    "loop": ("for i in j:\n    if x:\n        drop()\n", "for i in j:\n    pass\n"),
    "while": ("while x:\n    drop()\n    drop()\n", "while x:\n    pass\n"),
    "with": ("with x:\n    pass\n    drop()\n", "with x:\n    pass\n"),
    "try": ("try:\n    drop()\nexcept E:\n    drop()\n", "try:\n    pass\nexcept E:\n    pass\n"),
    "finally": ("try:\n    a\nfinally:\n    drop()\n", "try:\n    a\nfinally:\n    pass\n"),
    "case": ("match x:\n    case 1:\n        drop()\n", "match x:\n    case 1:\n        pass\n"),
    "test that acts": ("if f():\n    drop()\n    drop()\nb\n", "if f():\n    pass\nb\n"),
    "test that acts, on a line": ("if f(): drop()  # c\n", "if f(): pass  # c\n"),
    "test that binds": ("if (y := x):\n    drop()\n", "if (y := x):\n    pass\n"),
    "test that asks": ("if isinstance(x, int) and len(x) > 1:\n    drop()\n", ""),
}

COMMENTS = {
    "in a branch": ("if x:\n    # why\n    drop()  # now\nb\n", "# why\nb\n"),
    "behind a branch": (
        "if x:\n    if y:\n        drop()\n        # why\n\n    # then\n    a\n",
        "if x:\n    # why\n\n    # then\n    a\n",
    ),
    "at another depth": ("if x:\n    drop()\n# why\n    drop()\nb\n", "# why\nb\n"),
    "in else": ("if x:\n    a\nelse:\n    # why\n    drop()\nb\n", "if x:\n    a\n# why\nb\n"),
    "behind else": ("if x:\n    a\nelse:\n    drop()\n    # why\n\nb\n", "if x:\n    a\n# why\n\nb\n"),
    "in elif": ("if x:\n    a\nelif y:\n    # why\n    drop()\nb\n", "if x:\n    a\n# why\nb\n"),
    "before else": ("if x:\n    # why\n    drop()\nelse:\n    b\n", "if x:\n    # why\n    pass\nelse:\n    b\n"),
    "of else": ("if x:\n    drop()\nelse:\n    # why\n    b\n", "if not x:\n    # why\n    b\n"),
    "of a whole file": ("if x:\n    # why\n    drop()", "# why\n"),
}

CASES = {
    f"{group}: {name}": case
    for group, cases in {"lines": LINES, "branches": BRANCHES, "stays": STAYS, "comments": COMMENTS}.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("layout", [("    ", "\n"), ("\t", "\r\n")], ids=["spaces, LF", "tabs, CRLF"])
def test_removal(removed: Removed, case: str, layout: tuple[str, str]) -> None:
    before, after = (text.replace("\r\n", "\n").replace("    ", layout[0]) for text in CASES[case])
    assert removed(before.replace("\n", layout[1])) == after.replace("\n", layout[1])


@pytest.mark.parametrize("own", ["from mine import len", "def len(x):\n    return x"])
def test_a_builtin_of_the_files_own_may_do_anything(removed: Removed, own: str) -> None:
    code = f"{own}\nif len(x):\n    drop()\n"
    assert removed(code) == code.replace("drop()", "pass")


def test_what_stands_inside_a_removed_block_goes_with_it(parsed: Parsed) -> None:
    file = parsed("a\ntry:\n    # one\n    b\nexcept E:\n    # two\n    c\nd\n")
    inside = [node for node in ast.walk(file.module.body[1]) if isinstance(node, ast.stmt)]
    assert apply_edits(file.source.text, remove_all(file, inside)) == b"a\nd\n"


@st.composite
def programs(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """Lines of nested branches, around calls that stay and calls that go."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 2))):
        if depth > 1 or draw(st.booleans()):
            lines += draw(
                st.sampled_from([["drop()"], ["drop()"], ["keep()"], ["drop(); keep()"], ["# c", "drop()", ""]])
            )
            continue
        for kind in ["if", *["elif"] * draw(st.integers(0, 2)), *["else"] * draw(st.integers(0, 1))]:
            test = "" if kind == "else" else " " + draw(st.sampled_from(["a", "b", "not a", "a and b", "act()"]))
            lines += [f"{kind}{test}:", *(f"  {line}" for line in draw(programs(depth + 1)))]
    return lines


def trace(code: str) -> list[list[str]]:
    """What a program does besides `drop()`, for each value of its variables."""
    traces: list[list[str]] = []
    for a, b in itertools.product([False, True], repeat=2):
        seen: list[str] = []
        names = {"keep": partial(seen.append, "keep"), "act": partial(seen.append, "act"), "drop": list}
        exec(code, {**names, "a": a, "b": b})
        traces.append(seen)
    return traces


def check_removed(before: str, after: str, file: File) -> None:
    """The rest is done as before, comments are there, and no `if` without effect is left."""
    assert "drop" not in after
    assert trace(after) == trace(before)
    assert after.count("# c") == before.count("# c")
    for node in (n for n in file.index.nodes if isinstance(n, ast.If)):
        assert not all(isinstance(s, ast.Pass) for s in node.orelse or [ast.Continue()])
        assert node.orelse or not isinstance(node.body[0], ast.Pass) or not only_asks(node.test, file)


@given(programs())
def test_any_program_without_its_calls(parsed: Parsed, removed: Removed, lines: list[str]) -> None:
    before = "\n".join([*lines, ""])
    after = removed(before)
    check_removed(before, after, parsed(after))


@given(programs())
def test_any_program_that_several_rules_work_on(parsed: Parsed, make_rule: MakeRule, lines: list[str]) -> None:
    def visit(rule: Rule, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        if isinstance(node, ast.Expr) and file.text(node) == "drop()":
            yield rule.fix(remove_all(file, [node]))

    before = "\n".join([*lines, ""])
    rule = make_rule(visit, nodes=(ast.Expr,), needles=(b"drop",))
    after = rewrite("train.py", before.encode(), [rule], parsed("").context).data.decode()
    check_removed(before, after, parsed(after))
