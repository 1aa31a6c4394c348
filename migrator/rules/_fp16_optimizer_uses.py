"""What becomes of each use of an FP16_Optimizer where the wrapped optimizer itself takes its place."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from migrator.core.edit_arguments import keyword
from migrator.core.edit_branches import only_asks
from migrator.core.edit_calls import keep_argument, operand
from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._fp16_models import WRAPPERS
from migrator.rules._torch import only

_VALUES = {"loss_scale": "1.0", "cur_scale": "1.0", "overflow": "False"}


@dataclass
class Uses:
    """Edits of expressions, statements that go, and places that must stay, with the reason."""

    torch: str
    edits: list[Edit] = field(default_factory=list)
    removed: list[ast.stmt] = field(default_factory=list)
    left: list[tuple[ast.AST, str]] = field(default_factory=list)

    def construct(self, call: ast.Call, file: File) -> None:
        """`FP16_Optimizer(optimizer, ...)` is the optimizer; an assignment to the optimizer's own name goes."""
        given = keyword(call, "init_optimizer")
        wrapped = call.args[0] if call.args else (given.value if given else None)
        others = [*call.args[1:], *(k.value for k in call.keywords if k is not given)]
        if wrapped is None or isinstance(wrapped, ast.Starred) or not all(only_asks(other, file) for other in others):
            self.left.append((call, "its arguments cannot be told apart, or do something of their own"))
            return
        above = file.parent(call)
        same = [file.text(t) for t in above.targets] if isinstance(above, ast.Assign) else []
        if isinstance(above, ast.Assign) and same == [file.text(wrapped)]:
            self.removed.append(above)
        else:
            self.edits += keep_argument(file, call, wrapped)

    def attribute(self, node: ast.Attribute, file: File) -> None:
        """A method or a value of the wrapper."""
        above = file.parent(node)
        if isinstance(above, ast.Call) and above.func is node:
            self._method(node, above, file)
        elif node.attr in _VALUES:
            self._value(node, file)
        elif node.attr == "optimizer" and isinstance(node.ctx, ast.Load):
            self.edits.append(replace(file, node, operand(file, node.value)))

    def _value(self, node: ast.Attribute, file: File) -> None:
        statement = file.parent(node)
        if isinstance(node.ctx, ast.Load):
            self.edits.append(replace(file, node, _VALUES[node.attr]))
        elif isinstance(statement, ast.Assign) and statement.targets == [node] and only_asks(statement.value, file):
            self.removed.append(statement)
        else:
            self.left.append((node, "it sets the loss scale"))

    def _method(self, node: ast.Attribute, call: ast.Call, file: File) -> None:
        if node.attr == "backward" and call.args and not isinstance(call.args[0], ast.Starred):
            options = [k for k in call.keywords if k.arg not in ("update_master_grads", None)]
            rest = ", ".join([f"retain_graph={file.text(a)}" for a in call.args[2:3]] + [file.text(k) for k in options])
            self.edits.append(replace(file, call, f"{operand(file, call.args[0])}.backward({rest})"))
        elif node.attr == "update_master_grads" and isinstance(file.parent(call), ast.Expr):
            self.removed.append(file.statement(call))
        elif node.attr == "clip_master_grads":
            params = f'[p for group in {operand(file, node.value)}.param_groups for p in group["params"]]'
            given = ", ".join([params, *map(file.text, call.args), *map(file.text, call.keywords)])
            self.edits.append(replace(file, call, f"{self.torch}.nn.utils.clip_grad_norm_({given})"))
        elif node.attr == "zero_grad":
            self.edits += [_renamed(k, file) for k in call.keywords if k.arg == "set_grads_to_None"]


def _renamed(argument: ast.keyword, file: File) -> Edit:
    start, end = file.source.span(argument)
    return Edit(start, end, f"set_to_none={file.text(argument.value)}".encode())


def uses_in(file: File, torch: str) -> Uses:
    """All uses in a file: constructions, and what is asked of values that may come from one."""
    uses = Uses(torch)
    for node in file.index.nodes:
        if isinstance(node, ast.Call) and only(file.called(node), WRAPPERS):
            uses.construct(node, file)
        elif isinstance(node, ast.Attribute) and file.origins(node.value) & WRAPPERS:
            uses.attribute(node, file)
    return uses
