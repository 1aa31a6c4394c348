"""apex's fused layer norm -> torch.nn.LayerNorm; the graph compiler fuses it.

    from apex.normalization import FusedLayerNorm as Norm   ->  from torch.nn import LayerNorm as Norm
    apex.normalization.FusedLayerNorm(64, eps=1e-6)         ->  torch.nn.LayerNorm(64, eps=1e-6)
    apex.normalization.FusedRMSNorm(64)                     ->  torch.nn.RMSNorm(64, eps=1e-05)   torch 2.4 and newer
    FusedLayerNormAffineFunction.apply(x, w, b, shape, eps) ->  torch.nn.functional.layer_norm(x, shape, w, b, eps)

apex's default of eps for RMS is written out, because torch's is another. An attempt to import apex's class with
another as the alternative becomes the alternative. Aliases, base classes and isinstance checks follow.
Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.LayerNorm.html and the constructors in
https://github.com/NVIDIA/apex/blob/master/apex/normalization/fused_layer_norm.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edit_calls import remove_arguments
from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._fallback import take_fallback
from migrator.rules._moved_names import Use, import_edits, replaceable, uses
from migrator.rules._torch import only, spell


def _spellings(new: str, *names: str) -> dict[str, str]:
    return {f"apex.normalization.{module}{name}": new for module in ("", "fused_layer_norm.") for name in names}


_LAYER = _spellings("torch.nn.LayerNorm", "FusedLayerNorm", "MixedFusedLayerNorm")
_RMS = _spellings("torch.nn.RMSNorm", "FusedRMSNorm", "MixedFusedRMSNorm")
_RMS_SINCE = (2, 4)  # torch that has nn.RMSNorm: https://docs.pytorch.org/docs/2.13/generated/torch.nn.RMSNorm.html
_APPLY = frozenset(_spellings("", "FusedLayerNormAffineFunction.apply"))


class ApexNormalization(Rule):
    """torch's normalisation layers take the place of apex's."""

    name = "apex-normalization"
    kind = Kind.MODIFIED
    reason = "apex's layer is a CUDA kernel; torch's computes the same, and Gaudi's graph compiler fuses it."
    source = "https://docs.pytorch.org/docs/2.13/generated/torch.nn.LayerNorm.html"
    needles = (b"apex",)
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All uses in the file: those that depend on one import change together with it."""
        for found in replaceable(file, _LAYER):
            edits, span = take_fallback(file, found)
            yield self.fix(edits, reindents=[span])
        imports: dict[ast.ImportFrom, list[Edit]] = {
            statement: [edit] for statement, edit in import_edits(file, _LAYER).items()
        }
        for use in uses(file, _LAYER):
            arguments = _without_memory_option(use, file)
            if use.by_import is None:
                yield self.fix([*use.renamed(file), *arguments])
            else:
                imports[use.by_import] += arguments
        for edits in imports.values():
            yield self.fix(edits)
        yield from self._others(file)

    def _others(self, file: File) -> Iterator[Fix]:
        if file.target.release.torch_version >= _RMS_SINCE:
            for use in uses(file, _RMS):
                yield self.fix([*Use(use.node, use.new).renamed(file), *_with_eps(use, file)])
        for call in file.index.calls:
            if only(file.called(call), _APPLY) and len(call.args) == 5 and not call.keywords:
                yield self.fix(_functional(call, file))


def _without_memory_option(use: Use, file: File) -> list[Edit]:
    call = use.call(file)
    option = keyword(call, "memory_efficient") if call else None
    return remove_arguments(file, call, [option]) if call and option else []


def _with_eps(use: Use, file: File) -> list[Edit]:
    call = use.call(file)
    if call is None:
        return []
    given = len(call.args) > 1 or keyword(call, "eps") is not None
    return [*_without_memory_option(use, file), *([] if given else [add_argument(file, call, "eps=1e-05")])]


def _functional(call: ast.Call, file: File) -> list[Edit]:
    spelled, imports = spell(file, "torch.nn.functional.layer_norm")
    x, weight, bias, shape, eps = (file.text(argument) for argument in call.args)
    return [replace(file, call, f"{spelled}({x}, {shape}, {weight}, {bias}, {eps})"), *imports]
