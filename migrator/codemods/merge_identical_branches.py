"""Branches that do the same become one.

    if args.amp:                         loss.backward()
        loss.backward()          ->
    else:
        loss.backward()

Taking loss scaling out leaves such pairs behind. A chain is merged from its end; a test is dropped only when it is
made of names, attributes, constants and comparisons, so that nothing it did is lost. Branches with comments of
their own count as different: a comment is somebody's reason.
"""

from __future__ import annotations

import libcst as cst
from libcst.codemod import VisitorBasedCodemodCommand

_PURE = (
    cst.Name,
    cst.Attribute,
    cst.Integer,
    cst.SimpleString,
    cst.UnaryOperation,
    cst.BooleanOperation,
    cst.Comparison,
    cst.ComparisonTarget,
)


class MergeIdenticalBranches(VisitorBasedCodemodCommand):
    """Merge `if` branches whose statements are the same."""

    DESCRIPTION = "Merge if-branches whose statements are the same."

    def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.If | cst.FlattenSentinel[cst.BaseStatement]:
        """Children come first, so a chain of elif shrinks from its end."""
        node = updated_node.with_changes(orelse=_merged(updated_node.orelse))
        other = node.orelse
        if not isinstance(other, cst.Else) or not _mergeable(node, other):
            return node
        if self._is_elif(original_node):
            return node  # its owner replaces the whole branch
        statements = _statements(node)
        first = statements[0].with_changes(leading_lines=(*node.leading_lines, *statements[0].leading_lines))
        return cst.FlattenSentinel([first, *statements[1:]])

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> bool:
        """There is no `if` in it, and most of a file's nodes are below such lines."""
        return False

    def visit_If(self, node: cst.If) -> None:
        """Remember which `if` is the `elif` of another."""
        if isinstance(node.orelse, cst.If):
            self._elifs.add(node.orelse)

    def __init__(self, context: cst.codemod.CodemodContext) -> None:
        super().__init__(context)
        self._elifs: set[cst.If] = set()

    def _is_elif(self, node: cst.If) -> bool:
        return node in self._elifs


def _merged(orelse: cst.If | cst.Else | None) -> cst.If | cst.Else | None:
    """`elif b: X else: X` is `else: X`."""
    if isinstance(orelse, cst.If) and isinstance(orelse.orelse, cst.Else) and _mergeable(orelse, orelse.orelse):
        return cst.Else(body=orelse.body, leading_lines=orelse.leading_lines)
    return orelse


def _mergeable(node: cst.If, other: cst.Else) -> bool:
    same = node.body.deep_equals(other.body)
    return same and bool(_statements(node)) and _pure(node.test) and not other.leading_lines


def _statements(node: cst.If) -> list[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
    """The branch's statements; none when it is a one-line suite, which is left alone."""
    if not isinstance(node.body, cst.IndentedBlock) or node.body.header.comment is not None:
        return []
    return [s for s in node.body.body if isinstance(s, (cst.SimpleStatementLine, cst.BaseCompoundStatement))]


def _pure(test: cst.CSTNode) -> bool:
    """Whether evaluating the test can have no effect and cannot be missed."""
    if not isinstance(test, _PURE):
        return False
    return all(_pure(child) for child in test.children if isinstance(child, (cst.BaseExpression, cst.ComparisonTarget)))
