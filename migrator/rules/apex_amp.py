"""apex.amp -> bfloat16 autocast, without loss scaling.

    model, optimizer = amp.initialize(model, optimizer, opt_level="O2")
        ->  model.forward = MethodType(bf16_forward, model)        bf16_forward is added to the file
    with amp.scale_loss(loss, optimizer) as scaled_loss:
        scaled_loss.backward()
        ->  loss.backward()
    amp.master_params(optimizer)     ->  (p for group in optimizer.param_groups for p in group["params"])
    amp.state_dict()                 ->  {}
    amp.load_state_dict(state)       ->  (removed)
    with amp.disable_casts():        ->  with torch.autocast("hpu", enabled=False):
    @amp.float_function              ->  (removed: autocast decides by operator)

O0 is float32, so initialize goes. O1 and O2 run the model's forward pass under autocast; parameters and optimizer
stay float32. At O3 the parameters become bfloat16 too. A level or `enabled=` given by a variable decides at run time.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html; levels and what amp returns:
https://nvidia.github.io/apex/amp.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_calls import keep_argument, operand
from migrator.core.edit_expressions import replace
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._apex_initialize import rewrite_all
from migrator.rules._apex_scale_loss import scaled_item, without_scaling
from migrator.rules._removal import take_out_decorator
from migrator.rules._torch import only, spell

_FUNCTIONS = frozenset(f"apex.amp.{name}" for name in ("half_function", "float_function", "promote_function"))
_MASTERS = frozenset({"apex.amp.master_params", "apex.amp._amp_state.master_params"})
_UNSCALED = "bfloat16 has the exponent range of float32, so losses and gradients need no scaling."
_BY_OPERATOR = "torch.autocast decides operator by operator which precision it runs in; functions are not registered."


class ApexAmp(Rule):
    """Mixed precision of apex becomes bfloat16 autocast."""

    name = "apex-amp"
    kind = Kind.MODIFIED
    reason = "Mixed precision on Gaudi is bfloat16 under torch.autocast; model and optimizer stay float32."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html"
    needles = (b"apex",)
    nodes = (ast.Module, ast.With, ast.AsyncWith, ast.Call, ast.Name, ast.Attribute)

    def applies(self, target: Target) -> bool:
        """Releases before 1.8 have another mixed precision."""
        return target.release.mixed_precision == "autocast"

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """One use of apex.amp; all of initialize at once, because they share what they add to the file."""
        if isinstance(node, ast.Module):
            yield self.fix(rewrite_all(file))
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            if (item := scaled_item(node, file)) is not None:
                edits, spans = without_scaling(node, item, file)
                yield self.fix(edits, kind=Kind.MISMATCH, reason=_UNSCALED, reindents=spans)
        elif isinstance(node, ast.Call):
            yield from self._call(node, file)
        elif isinstance(node, (ast.Name, ast.Attribute)) and only(file.names(node), _FUNCTIONS):
            yield from self._function(node, file)

    def _call(self, call: ast.Call, file: File) -> Iterator[Fix]:
        names = file.called(call)
        if only(names, _MASTERS) and len(call.args) == 1:
            yield self.fix(_parameters(call, file))
        elif only(names, frozenset({"apex.amp.state_dict"})):
            yield self.fix([replace(file, call, "{}")], kind=Kind.MISMATCH, reason=_UNSCALED)
        elif only(names, frozenset({"apex.amp.load_state_dict"})) and isinstance(file.parent(call), ast.Expr):
            yield self.fix(remove_all(file, [file.statement(call)]), kind=Kind.MISMATCH, reason=_UNSCALED)
        elif only(names, frozenset({"apex.amp.disable_casts"})):
            spelled, imports = spell(file, "torch.autocast")
            yield self.fix([replace(file, call, f'{spelled}("hpu", enabled=False)'), *imports])

    def _function(self, node: ast.expr, file: File) -> Iterator[Fix]:
        """`@amp.float_function` over a definition, or `amp.float_function(f)`."""
        above = file.parent(node)
        if node in getattr(above, "decorator_list", ()):
            yield self.fix(take_out_decorator(file, node).edits, reason=_BY_OPERATOR)
        elif isinstance(above, ast.Call) and above.func is node and len(above.args) == 1 and not above.keywords:
            yield self.fix(keep_argument(file, above, above.args[0]), reason=_BY_OPERATOR)


def _parameters(call: ast.Call, file: File) -> list[Edit]:
    """The parameters of the optimizer's groups, in the parentheses of the call around it where it has no others."""
    (start, end), (first, last) = file.source.span(call), file.source.span(call.args[0])
    above, optimizer = file.parent(call), operand(file, call.args[0])
    is_alone = isinstance(above, ast.Call) and above.args == [call] and not above.keywords
    left, right = ("", "") if is_alone else ("(", ")")
    opening, closing = ("", "") if optimizer == file.text(call.args[0]) else ("(", ")")
    tail = f'{closing}.param_groups for p in group["params"]{right}'
    return [Edit(start, first, f"{left}p for group in {opening}".encode()), Edit(last, end, tail.encode())]
