"""No loss scaling: bfloat16 has the exponent range of float32, so gradients do not underflow.

    scaler = torch.cuda.amp.GradScaler()   ->  (removed)
    scaler.scale(loss).backward()          ->  loss.backward()
    scaler.unscale_(optimizer)             ->  (removed)
    scaler.step(optimizer)                 ->  optimizer.step()
    scaler.update()                        ->  (removed)
    scaler.get_scale(), .state_dict()      ->  1.0, {}
    scaler.load_state_dict(state)          ->  (removed)

All uses in a file change together. A scaler that something else still needs (it is passed on, returned, compared with
None, kept in an attribute) stays as an object that does nothing: torch.amp.GradScaler("hpu", enabled=False).
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html;
https://docs.pytorch.org/docs/2.13/amp.html (a disabled scaler passes values through).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.bindings import Assigned
from migrator.core.edit_expressions import replace
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.scopes import Scope
from migrator.core.target import Target
from migrator.rules._scaler_uses import Uses
from migrator.rules._torch import only, spell

_SCALERS = frozenset(
    {
        "torch.cuda.amp.GradScaler",
        "torch.cuda.amp.grad_scaler.GradScaler",
        "torch.amp.GradScaler",
        "torch.amp.grad_scaler.GradScaler",
        "torch.distributed.fsdp.sharded_grad_scaler.ShardedGradScaler",
    }
)
_DEVICE_SINCE = (2, 3)  # torch that has torch.amp.GradScaler(device)


class GradScaler(Rule):
    """Loss scaling goes: bfloat16 needs none."""

    name = "grad-scaler"
    kind = Kind.MISMATCH
    reason = "bfloat16 has the exponent range of float32, so losses and gradients need no scaling."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html"
    needles = (b"GradScaler",)
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Releases before 1.8 have another mixed precision."""
        return target.release.mixed_precision == "autocast"

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All scalers of the file at once."""
        made = [call for call in file.index.calls if only(file.called(call), _SCALERS)]
        if not made:
            return
        uses = Uses()
        for use in _mentions(file):
            uses.add(use, file)
        unused = _unused_assignments(made, uses, file)
        removals = remove_all(file, [*uses.removed, *unused])
        edits = [edit for edit in (*uses.edits, *_disabled(made, unused, file)) if not _within(edit, removals)]
        yield self.fix([*removals, *edits])


def _mentions(file: File) -> Iterator[ast.expr]:
    """The expressions that are a scaler and nothing else: `scaler`, `self.scaler`."""
    for node in file.index.nodes:
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            continue
        if only(file.origins(node), _SCALERS):
            yield node


def _unused_assignments(made: list[ast.Call], uses: Uses, file: File) -> list[ast.stmt]:
    """The assignments of names that hold a scaler (or None) and are not read any more."""
    found: list[ast.stmt] = []
    for scope in file.index.scopes.values():
        for name, bindings in scope.bindings.items():
            values = [b.value for b in bindings if isinstance(b, Assigned) and not b.path]
            if any(_makes(value, made) for value in values) and len(values) == len(bindings):
                statements = [file.statement(value) for value in values]
                plain = all(_makes(v, made) or _is_none(v) for v in values)
                if plain and all(_assigns_one_name(s) for s in statements) and _is_spent(name, scope, uses, file):
                    found += statements
    return found


def _is_spent(name: str, scope: Scope, uses: Uses, file: File) -> bool:
    """Whether every read of a name is one that goes; a module's name that is never read may be for other files."""
    loads = [n for n in file.uses(name) if isinstance(n.ctx, ast.Load) and _home(n, file) is scope]
    return uses.known.issuperset(loads) and bool(loads or scope.parent)


def _home(name: ast.Name, file: File) -> Scope | None:
    return file.index.scope_of[name].find(name.id)


def _makes(value: ast.expr, made: list[ast.Call]) -> bool:
    """Whether an expression is a new scaler, or the choice between one and None."""
    if isinstance(value, ast.IfExp):
        parts = (value.body, value.orelse)
        return any(part in made for part in parts) and all(part in made or _is_none(part) for part in parts)
    return value in made


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _assigns_one_name(statement: ast.stmt) -> bool:
    """Whether the statement is `name = value`, annotated or not, and no more."""
    if isinstance(statement, ast.Assign):
        return len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name)
    return isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)


def _disabled(made: list[ast.Call], unused: list[ast.stmt], file: File) -> Iterator[Edit]:
    """The scalers that stay, as objects that do nothing."""
    spelled, imports = spell(file, "torch.amp.GradScaler")
    has_device = file.target.release.torch_version >= _DEVICE_SINCE
    for call in made:
        if file.statement(call) in unused:
            continue
        new = f'{spelled}("hpu", enabled=False)' if has_device else f"{file.text(call.func)}(enabled=False)"
        if file.text(call) != new:
            yield replace(file, call, new)
            yield from imports if has_device else ()


def _within(edit: Edit, others: list[Edit]) -> bool:
    return any(other.start <= edit.start and edit.end <= other.end for other in others)
