"""Switches of cuDNN, cuBLAS and CUDA's attention kernels are removed: Gaudi has none of them.

    torch.backends.cudnn.benchmark = True               ->  (removed)
    torch.backends.cuda.matmul.allow_tf32 = True        ->  (removed)
    torch.backends.cuda.enable_flash_sdp(False)         ->  (removed)

A statement goes with the branch of an `if` that it leaves empty. What reads a switch stays for a person.
Source: https://docs.pytorch.org/docs/2.13/backends.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edit_prune import only_asks
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._removal import statement_of, take_out_context, take_out_statement

_ENABLE = re.compile(r"torch\.backends\.cuda\.enable_(cudnn|flash|math|mem_efficient)_sdp")
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
                yield self.fix(take_out_statement(file, node).edits)
            return
        names, above = file.called(node), file.parent(node)
        statement = statement_of(node, file)
        if statement is not None and names and all(_ENABLE.fullmatch(name) for name in names):
            yield self.fix(take_out_statement(file, statement).edits)
        elif isinstance(above, ast.withitem) and names == {_FLAGS} and (removal := take_out_context(file, above)):
            yield self.fix(removal.edits, reindents=removal.reindents)

    def _is_switch(self, target: ast.expr, file: File) -> bool:
        entries = [file.context.api.lookup(name) for name in file.names(target)]
        return bool(entries) and all(entry is not None and entry.rule == self.name for entry in entries)
