"""Switches of cuDNN, cuBLAS and CUDA's attention kernels are removed: Gaudi has none of them.

    torch.backends.cudnn.benchmark = True               ->  (removed)
    torch.backends.cuda.matmul.allow_tf32 = True        ->  (removed)
    torch.backends.cuda.enable_flash_sdp(False)         ->  (removed)

A statement goes with the branch of an `if` that it leaves empty, and with the comment directly above it when that
speaks of these libraries. What reads a switch stays for a person.
Source: https://docs.pytorch.org/docs/2.13/backends.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edit_branches import only_asks
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._removal import statement_of, take_out_context, take_out_statement

_ENABLE = re.compile(r"torch\.backends\.cuda\.enable_(cudnn|flash|math|mem_efficient)_sdp")
_THEIR_WORDS = (b"cudnn", b"cublas", b"tf32", b"tensor core")
_FLAGS = "torch.backends.cudnn.flags"


class CudnnFlags(Rule):
    """Removes the setting of CUDA libraries' switches."""

    name = "cudnn-flags"
    kind = Kind.MISMATCH
    reason = "It is a switch of NVIDIA's libraries, which Gaudi does not have."
    source = "https://docs.pytorch.org/docs/2.13/backends.html"
    needles = (b"cudnn", b"backends.cuda", b"allow_tf32", b"_sdp")
    nodes = (ast.Assign, ast.Call)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """An assignment to switches only, a call that sets one, or a with-block that sets some."""
        if isinstance(node, ast.Assign):
            if only_asks(node.value, file) and all(self._is_switch(target, file) for target in node.targets):
                yield self.fix(_edits(file, node))
            return
        names, above = file.called(node), file.parent(node)
        statement = statement_of(node, file)
        if statement is not None and names and all(_ENABLE.fullmatch(name) for name in names):
            yield self.fix(_edits(file, statement))
        elif isinstance(above, ast.withitem) and names == {_FLAGS} and (removal := take_out_context(file, above)):
            yield self.fix(removal.edits, reindents=removal.reindents)

    def _is_switch(self, target: ast.expr, file: File) -> bool:
        entries = [file.context.api.lookup(name) for name in file.names(target)]
        return bool(entries) and all(entry is not None and entry.rule == self.name for entry in entries)


def _edits(file: File, statement: ast.stmt) -> list[Edit]:
    removal = take_out_statement(file, statement).edits
    alone = all(edit.start >= file.source.line_start(file.source.span(statement)[0]) for edit in removal)
    return [*(_comment_above(file, statement) if alone else []), *removal]


def _comment_above(file: File, statement: ast.stmt) -> list[Edit]:
    """The removal of the comment that stands directly above the statement, if it is about these libraries."""
    source = file.source
    stop = start = source.line_start(source.span(statement)[0])
    indent = source.indent(stop)
    while start:
        above = source.line_start(start - 1)
        if not source.text.startswith(indent + b"#", above):
            break
        start = above
    comment = source.text[start:stop].lower()
    return [Edit(start, stop, b"")] if any(word in comment for word in _THEIR_WORDS) else []
