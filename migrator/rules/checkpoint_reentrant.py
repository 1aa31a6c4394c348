"""Activation checkpointing that says which of torch's two implementations it means.

    checkpoint(layer, x, mask)  ->  checkpoint(layer, x, mask, use_reentrant=True)

Without the argument torch warns from 2.1 on and announces that it will refuse. True is what it took for granted
before, so the port does what the upstream did; in torch.compile mode False is the one that can be traced.
Source: https://docs.pytorch.org/docs/2.13/checkpoint.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._aliases import is_alias

_ASKS_SINCE = (2, 1)  # the torch that warns first
_SEQUENTIAL = "torch.utils.checkpoint.checkpoint_sequential"
_NAMES = frozenset({"torch.utils.checkpoint.checkpoint", _SEQUENTIAL})
_POSITION = 3  # of use_reentrant in checkpoint_sequential; checkpoint hands all positions on to the function
_ADVICE = "Pass use_reentrant=True where it is called: that is what torch took for granted before 2.1."


class CheckpointReentrant(Rule):
    """use_reentrant is written out."""

    name = "checkpoint-reentrant"
    kind = Kind.MODIFIED
    reason = "torch asks for use_reentrant from 2.1 on; True is the way that it went without being asked."
    source = "https://docs.pytorch.org/docs/2.13/checkpoint.html"
    needles = (b"checkpoint",)
    nodes = (ast.Name, ast.Attribute)

    def applies(self, target: Target) -> bool:
        """Older torch takes True for granted without a word."""
        return target.release.torch_version >= _ASKS_SINCE

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A use of one of the functions: called, bound with partial, or handed on."""
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            return
        names = file.names(node)
        if not names & _NAMES or is_alias(node, file):
            return
        call = _call(node, file)
        if call is None or not names <= _NAMES:
            message = "activation checkpointing is handed on, or may be another function than torch's"
            yield self.finding(file, node, message, _ADVICE)
        elif any(k.arg is None for k in call.keywords) and keyword(call, "use_reentrant") is None:
            yield self.finding(file, node, "use_reentrant may be among the arguments passed by **", _ADVICE)
        elif not _says_which(call, names):
            yield self.fix([add_argument(file, call, "use_reentrant=True")])


def _call(node: ast.expr, file: File) -> ast.Call | None:
    """The call of the function, or the partial that binds its arguments."""
    above = file.parent(node)
    if not isinstance(above, ast.Call):
        return None
    is_partial = file.called(above) == {"functools.partial"} and above.args[:1] == [node]
    return above if above.func is node or is_partial else None


def _says_which(call: ast.Call, names: frozenset[str]) -> bool:
    is_positional = names == {_SEQUENTIAL} and len(call.args) > _POSITION
    return is_positional or keyword(call, "use_reentrant") is not None
