"""Choosing a card: always index 0, and no with-block, because one process on Gaudi holds one card.

    torch.cuda.set_device(args.local_rank)      ->  torch.hpu.set_device(0)
    with torch.cuda.device(i): ...              ->  the body

Which card that is, the launcher says in the environment (HLS_MODULE_ID).
Source: HabanaAI/gaudi-pytorch-bridge 1.19.0 python_packages/habana_frameworks/torch/hpu/__init__.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_expressions import rename
from migrator.core.edits import Edit, Fix
from migrator.core.file import File, SpotMismatchError
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._backend import backend_import, torch_name
from migrator.rules._removal import statement_of, take_out_context

_CONTEXTS = frozenset({"torch.cuda.device", "torch.cuda.device_of"})


class SetDevice(Rule):
    """set_device(0), and with-blocks that change the card unwrapped."""

    name = "set-device"
    kind = Kind.MODIFIED
    reason = "One process holds one card, which the launcher chose (HLS_MODULE_ID); its index is 0."
    source = "HabanaAI/gaudi-pytorch-bridge 1.19.0 python_packages/habana_frameworks/torch/hpu/__init__.py"
    needles = (b"cuda",)
    nodes = (ast.Call,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A set_device that is a statement, or a with-block over a device."""
        if not isinstance(node, ast.Call):
            return
        names, above = file.called(node), file.parent(node)
        if names == {"torch.cuda.set_device"} and statement_of(node, file) is not None:
            yield self.fix([*_first_card(node, file), *backend_import(file)])
        elif names and names <= _CONTEXTS and isinstance(above, ast.withitem):
            removal = take_out_context(file, above)
            if removal is not None:
                yield self.fix(removal.edits, reindents=removal.reindents)


def _first_card(call: ast.Call, file: File) -> list[Edit]:
    name, imports = torch_name(file, call.func)
    start, end = file.source.span(call.func)[1], file.source.span(call)[1]
    if not file.source.text.startswith(b"(", start):
        raise SpotMismatchError(call, f"{file.text(call.func)}(", file.text(call))
    return [rename(file, call.func, f"{name}.hpu.set_device"), Edit(start, end, b"(0)"), *imports]
