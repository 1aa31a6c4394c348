"""Any LibCST codemod as a layer."""

from __future__ import annotations

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libcst.codemod import Codemod, SkipFile, VisitorBasedCodemodCommand

from migrator.core.codemod_layer import CodemodError, apply_codemod, line_edits
from migrator.core.edits import apply_edits
from migrator.core.findings import Kind
from migrator.core.layers import CodemodLayer
from migrator.core.rule_layer import DriftError
from migrator.core.steps import LayerResult
from migrator.core.tree import Entry, Mode


class Rename(VisitorBasedCodemodCommand):
    """old -> new; tells of what it skips."""

    def visit_Module(self, node: cst.Module) -> None:
        if "skip me" in node.code:
            raise SkipFile("asked to")
        if "fail me" in node.code:
            raise KeyError("a bug")
        if "warn me" in node.code:
            self.warn("look at this")

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node.with_changes(value="new") if original_node.value == "old" else updated_node


class Break(VisitorBasedCodemodCommand):
    """Makes text that is no Python."""

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node.with_changes(value="yield") if original_node.value == "old" else updated_node


def load(name: str) -> type[Codemod]:
    return {"Rename": Rename, "Break": Break}[name]


def applied(name: str = "Rename", optional: bool = False, **files: bytes) -> LayerResult:
    tree = {f"{stem}.py": Entry(data, Mode.EXECUTABLE) for stem, data in files.items()}
    return apply_codemod(CodemodLayer("layer", "why", "where", codemod=name, optional=optional), tree, load)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nold\nb\n", b"a\nnew\nb\n"),
        (b"a\r\nif b:\r\n\told  # old\r\n", b"a\r\nif b:\r\n\tnew  # old\r\n"),
        (b"old", b"new"),
        (b"a\r\nold\nb\rold\r", b"a\r\nnew\nb\rnew\r"),
        (b"\xef\xbb\xbfold\n", b"\xef\xbb\xbfnew\n"),
        ("# coding: latin-1\né = old\n".encode("latin-1"), "# coding: latin-1\né = new\n".encode("latin-1")),
        (b"x = '\x0c'\n\x0cy\nold\n", b"x = '\x0c'\n\x0cy\nnew\n"),
    ],
)
def test_the_rest_of_the_file_stays(before: bytes, after: bytes) -> None:
    assert applied(a=before).tree["a.py"] == Entry(after, Mode.EXECUTABLE)


def test_each_run_of_lines_is_a_change_of_its_own() -> None:
    result = applied(a=b"old\nb\nc\nold\nold\n", b=b"old\n")
    changes = [change for step in result.steps for change in step.changes]
    assert [(c.before.start, c.text_before, c.text_after, c.fix) for c in changes] == [
        (1, "old\n", "new\n", 1),
        (4, "old\nold\n", "new\nnew\n", 2),
        (1, "old\n", "new\n", 3),
    ]
    assert {(c.rule, c.kind, c.reason, c.source) for c in changes} == {("Rename", Kind.MODIFIED, "why", "where")}


def test_a_file_that_is_skipped_or_unchanged_stays() -> None:
    files = {"a": b"old  # skip me\n", "b": b"x \r", "c": b"old\n"}
    result = applied(**files)
    assert result.tree["a.py"].data == files["a"]
    assert result.tree["b.py"].data == files["b"]
    assert [step.path for step in result.steps] == ["c.py"]
    assert result.findings == ()


@pytest.mark.parametrize(
    "data", [b"print old\n", b"# coding: rot13\nold\n", b"old = " + b"-" * 50_000 + b"1\n", b"old = a" + b".b" * 2_400]
)
def test_what_cannot_be_read_is_a_finding(data: bytes) -> None:
    result = applied(a=data, b=b"old\n")
    assert result.tree["a.py"].data == data
    (finding,) = result.findings
    assert (finding.file, finding.rule, finding.kind) == ("a.py", "Rename", Kind.MANUAL)
    assert finding.message.startswith("was not looked into: ")


def test_warnings_are_notes() -> None:
    assert applied(a=b"old  # warn me\n").notes == ("a.py: look at this",)


def test_a_codemod_that_changes_nothing_is_drift_unless_optional() -> None:
    with pytest.raises(DriftError, match="'layer': the codemod Rename changed nothing"):
        applied(a=b"x\n")
    assert applied(optional=True, a=b"x\n").steps == ()


def test_a_codemod_that_fails_or_breaks_the_file_is_named() -> None:
    with pytest.raises(CodemodError, match=r"Rename failed on a\.py: KeyError: 'a bug'"):
        applied(a=b"x  # fail me\n")
    with pytest.raises(CodemodError, match=r"what Break makes of a\.py cannot be kept"):
        applied("Break", a=b"f(old.x)\n")


def test_only_selected_regular_files() -> None:
    tree = {"a.py": Entry(b"old", Mode.LINK), "b.txt": Entry(b"old\n"), "c/d.py": Entry(b"old\n")}
    layer = CodemodLayer("layer", "", "", codemod="Rename")
    after = apply_codemod(layer, tree, load).tree
    assert {path for path in tree if after[path] != tree[path]} == {"c/d.py"}


lines = st.lists(st.sampled_from([b"a\n", b"b\r\n", b"c\r", b"\n"]), max_size=8).map(b"".join)


@given(lines, lines)
def test_line_edits_are_minimal_and_exact(before: bytes, after: bytes) -> None:
    edits = line_edits(before, after)
    assert apply_edits(before, edits) == after
    assert bool(edits) is (before != after)
