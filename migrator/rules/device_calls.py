"""torch.cuda.x -> torch.hpu.x, for every name whose counterpart is the same call.

    torch.cuda.synchronize()                    ->  torch.hpu.synchronize()
    from torch.cuda import manual_seed_all
    manual_seed_all(seed)                       ->  torch.hpu.manual_seed_all(seed)

Which names these are, since which release, and where that is written stands in the API map (`patches/api_map/`).
`torch.hpu` is an attribute that the backend sets, not a module to import from, so uses get the whole dotted name; the
old import stays until `gpu-imports` finds it unused. The device's index goes: a process on Gaudi holds one card.
Source: https://docs.habana.ai/en/latest/PyTorch/Reference/Python_Packages.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.api_map import ApiEntry
from migrator.core.bindings import Import
from migrator.core.edit_arguments import Argument, keyword
from migrator.core.edit_calls import remove_arguments
from migrator.core.edit_expressions import rename
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.releases import matches
from migrator.core.rule import Rule
from migrator.rules._backend import backend_import, torch_name

# Calls of torch.hpu with fewer parameters than torch.cuda's, and those whose device goes to an index check.
# Source: HabanaAI/gaudi-pytorch-bridge 1.19.0 python_packages/habana_frameworks/torch/hpu/{__init__,memory,streams}.py
_NO_PARAMETERS = frozenset({"torch.hpu.synchronize", "torch.hpu.is_bf16_supported"})
_UNKNOWN_KEYWORDS = {"torch.hpu.memory_summary": ("abbreviated",)}
_DEVICE_POSITION = {"torch.hpu.set_rng_state": 1}
_TAKES_DEVICE = re.compile(
    r"torch\.hpu\.(get_device_name|current_stream|default_stream|Stream|[gs]et_rng_state|mem_get_info|memory_summary"
    r"|(max_)?memory_(allocated|reserved)|reset_(peak|accumulated)_memory_stats)"
)
_INDEX_NAME = re.compile(r"(?i)(^|_)(rank|gpu|gpu_?id|device_?id|idx|index|ordinal|i)$")


class DeviceCalls(Rule):
    """Renames what the API map calls a match."""

    name = "device-calls"
    kind = Kind.MATCH
    reason = "torch.hpu has the same call."
    source = "https://docs.habana.ai/en/latest/PyTorch/Reference/Python_Packages.html"
    needles = (b"cuda", b"CUDA", b"gpu_dtype", b"apex_C")  # a test holds these against the API map
    nodes = (ast.Attribute, ast.Name)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A use of a name that has one meaning, and that is a match for the target's release."""
        if not isinstance(node, (ast.Attribute, ast.Name)) or not isinstance(node.ctx, ast.Load):
            return
        names = file.names(node)
        if len(names) != 1 or (isinstance(node, ast.Name) and not _is_imported(node, file)):
            return
        entry = file.context.api.lookup(next(iter(names)))
        if entry is None or entry.kind is not Kind.MATCH or not matches(entry.releases, file.target.release):
            return
        loads = backend_import(file) if entry.to.startswith("torch.hpu.") else []
        edits = [*_renamed(node, entry, file), *_arguments(node, entry.to, file), *loads]
        yield self.fix(edits, reason=entry.reason, source=entry.source)


def _renamed(node: ast.Attribute | ast.Name, entry: ApiEntry, file: File) -> list[Edit]:
    name, imports = torch_name(file, node)
    return [rename(file, node, name + entry.to.removeprefix("torch")), *imports]


def _is_imported(node: ast.Name, file: File) -> bool:
    """Whether an import binds the name: what an assignment binds changes with the assigned value."""
    home = file.index.scope_of[node].find(node.id)
    return home is not None and all(isinstance(b, Import) for b in home.bindings[node.id])


def _arguments(node: ast.expr, to: str, file: File) -> list[Edit]:
    """Edits that take away the arguments that the counterpart does not know."""
    call = file.parent(node)
    if not isinstance(call, ast.Call) or call.func is not node:
        return []
    gone: list[Argument | None] = []
    if to in _NO_PARAMETERS:
        gone = [*call.args, *call.keywords]
    elif _TAKES_DEVICE.fullmatch(to):
        at = _DEVICE_POSITION.get(to, 0)
        device = call.args[at] if len(call.args) > at else keyword(call, "device")
        gone = [device] if device is not None and _is_index(device) else []
    gone += [keyword(call, name) for name in _UNKNOWN_KEYWORDS.get(to, ())]
    unwanted = [argument for argument in gone if argument is not None]
    return remove_arguments(file, call, unwanted) if unwanted else []


def _is_index(argument: Argument) -> bool:
    """Whether a device is given as the number of a card."""
    value = argument.value if isinstance(argument, ast.keyword) else argument
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int)
    last = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return bool(_INDEX_NAME.search(last))
