"""Rounds of rules over one file."""

from __future__ import annotations

import ast
import codecs
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.edits import Edit, Fix
from migrator.core.engine import UnsettledError, rewrite
from migrator.core.file import Context, File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule

MakeRule = Callable[..., Rule]


def renamed(old: str, new: str) -> Callable[[Rule, ast.AST, File], Iterator[Fix]]:
    """A visit that renames a name."""

    def visit(rule: Rule, node: ast.AST, file: File) -> Iterator[Fix]:
        if isinstance(node, ast.Name) and node.id == old:
            yield rule.fix([Edit(*file.source.span(node), new.encode())])

    return visit


def test_rounds_go_on_until_nothing_changes(make_rule: MakeRule, context: Context) -> None:
    first = make_rule(renamed("old", "mid"), name="first")
    second = make_rule(renamed("mid", "new"), needles=(b"mid", b"old"), name="second")
    result = rewrite("a.py", b"f(old, 'old')  # old\n", [second, first], context)
    assert result.data == b"f(new, 'old')  # old\n"
    assert [[fix.rule for fix in made.fixes] for made in result.rounds] == [["first"], ["second"]]
    assert [made.before for made in result.rounds] == [b"f(old, 'old')  # old\n", b"f(mid, 'old')  # old\n"]
    assert rewrite("a.py", result.data, [second, first], context).rounds == ()


def test_the_outer_of_nested_fixes_wins_and_the_inner_comes_next(make_rule: MakeRule, context: Context) -> None:
    def unwrap(rule: Rule, node: ast.AST, file: File) -> Iterator[Fix]:
        if isinstance(node, ast.Call) and file.text(node.func) == "old":
            start, end = file.source.span(node)
            inner_start, inner_end = file.source.span(node.args[0])
            yield rule.fix([Edit(start, end, file.source.text[inner_start:inner_end])])

    result = rewrite("a.py", b"old(old(old(x)))\n", [make_rule(unwrap, nodes=(ast.Call,))], context)
    assert result.data == b"x\n"
    assert len(result.rounds) == 3


@pytest.mark.parametrize(
    ("visit", "why"),
    [
        (lambda r, n, f: [r.fix([Edit(0, 0, b"old\n")])] if n.lineno == 1 else [], "a-rule do not settle after 26"),
        (lambda r, n, f: [r.fix([Edit(0, 3, b"old")])], "a-rule do not settle after 1 rounds"),
        (lambda r, n, f: [r.fix([Edit(0, 3, b"(")])], "after the rule a-rule the text no longer parses"),
        (lambda r, n, f: [r.fix([Edit(0, 2, b""), Edit(1, 3, b"")])], "a-rule asks for edits that overlap"),
    ],
)
def test_a_rule_that_is_wrong_is_named(make_rule: MakeRule, context: Context, visit: object, why: str) -> None:
    with pytest.raises(UnsettledError, match=rf"a\.py: .*{why}"):
        rewrite("a.py", b"old\n", [make_rule(visit)], context)


def test_two_rules_that_undo_one_another_are_named(make_rule: MakeRule, context: Context) -> None:
    there = make_rule(renamed("old", "new"), needles=(b"",), name="there")
    back = make_rule(renamed("new", "old"), needles=(b"",), name="back")
    with pytest.raises(UnsettledError, match="do not settle"):
        rewrite("a.py", b"old\n", [there, back], context)


def test_a_result_that_no_rule_looks_at_any_more_is_parsed_all_the_same(make_rule: MakeRule, context: Context) -> None:
    with pytest.raises(UnsettledError, match="no longer parses"):
        rewrite("a.py", b"old\n", [make_rule(renamed("old", "1 +"))], context)


def test_a_file_that_no_rule_concerns_is_not_parsed(make_rule: MakeRule, context: Context) -> None:
    data = b"this is ( no Python \xff"
    assert rewrite("a.py", data, [make_rule(renamed("old", "new"))], context).data is data


@pytest.mark.parametrize(
    "data",
    [b"print old\n", b"old = '\xff'\n", b"# coding: rot13\nold\n", b"old = " + b"-" * 50_000 + b"1\n", b"old\0\n"],
)
def test_a_file_that_cannot_be_read_stays_and_gives_one_finding(
    make_rule: MakeRule, context: Context, data: bytes
) -> None:
    result = rewrite("a.py", data, [make_rule(renamed("old", "new"))], context)
    assert result.data is data
    (finding,) = result.findings
    assert (finding.kind, finding.file, finding.line) == (Kind.MANUAL, "a.py", 1)
    assert finding.message.startswith("was not looked into: ")


def test_nesting_that_is_too_deep_for_a_rule_gives_a_finding(make_rule: MakeRule, context: Context) -> None:
    def visit(rule: Rule, node: ast.AST, file: File) -> Iterator[Fix]:
        ast.dump(file.module)  # recurses, as a rule may
        return
        yield

    data = b"old\nx = a" + b".b" * 2_400 + b"\n"
    result = rewrite("a.py", data, [make_rule(visit)], context)
    assert result.data is data
    assert "too deeply" in result.findings[0].message


def test_a_spot_that_is_not_what_the_tree_says_is_a_finding(make_rule: MakeRule, context: Context) -> None:
    def visit(rule: Rule, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        file.check(node, "'old'")
        yield rule.finding(file, node, "found", "advice")

    result = rewrite("a.py", b"'old'\ny = 'o' 'ld'\n", [make_rule(visit, nodes=(ast.Constant,))], context)
    assert [(f.line, f.message.split(":")[0]) for f in result.findings] == [
        (1, "found"),
        (2, "the text here cannot be rewritten safely"),
    ]


def test_findings_are_about_the_new_text(make_rule: MakeRule, context: Context) -> None:
    def visit(rule: Rule, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        if isinstance(node, ast.Name) and node.id == "old":
            yield rule.finding(file, node, "left", "advice")
        elif isinstance(node, ast.Name) and node.id == "grow":
            yield rule.fix([Edit(*file.source.span(node), b"a\nb")])

    result = rewrite("a.py", b"grow\nold\nold\n", [make_rule(visit)], context)
    assert [finding.line for finding in result.findings] == [3, 4]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# coding: latin-1\né = old\n".encode("latin-1"), "# coding: latin-1\né = new\n".encode("latin-1")),
        ("#!/p\n# coding: cp1252\nold('€')\n".encode("cp1252"), "#!/p\n# coding: cp1252\nnew('€')\n".encode("cp1252")),
        (codecs.BOM_UTF8 + "é = old\r\n".encode(), codecs.BOM_UTF8 + "é = new\r\n".encode()),
        (b"old\rold\r\nold\n\x0cold", b"new\rnew\r\nnew\n\x0cnew"),
        ("x = '\x85\u2028'; old\n".encode(), "x = '\x85\u2028'; new\n".encode()),
        (b"old\r", b"new\r"),
    ],
)
def test_encodings_and_line_ends_stay(make_rule: MakeRule, context: Context, before: bytes, after: bytes) -> None:
    assert rewrite("a.py", before, [make_rule(renamed("old", "new"))], context).data == after


@given(st.lists(st.sampled_from(["old", "'old'", "f(old)", "# old", "if old:\n  old", "é", ""]), max_size=8))
def test_only_names_change_and_a_second_run_changes_nothing(
    make_rule: MakeRule, context: Context, lines: list[str]
) -> None:
    rule = make_rule(renamed("old", "newer"))
    data = "\r\n".join(lines).encode()
    result = rewrite("a.py", data, [rule], context)
    wanted = [line if line[:1] in ("'", "#") else line.replace("old", "newer") for line in lines]
    assert result.data == "\r\n".join(wanted).encode()
    assert rewrite("a.py", result.data, [rule], context).data == result.data
