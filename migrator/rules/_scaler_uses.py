"""What becomes of each use of a gradient scaler where losses need no scaling."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from migrator.core.edit_arguments import arguments
from migrator.core.edit_calls import keep_argument, operand
from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit
from migrator.core.file import File

_VALUES = {"get_scale": "1.0", "state_dict": "{}"}
_STATEMENTS = frozenset({"unscale_", "update", "load_state_dict"})


@dataclass
class Uses:
    """The known uses of scalers in a file: edits of expressions, statements that go, and what was understood."""

    edits: list[Edit] = field(default_factory=list)
    removed: list[ast.stmt] = field(default_factory=list)
    known: set[ast.AST] = field(default_factory=set)  # the expressions that named a scaler and no longer do

    def add(self, node: ast.expr, file: File) -> None:
        """Look at one expression that is a scaler, and record what to do if its use is a known one."""
        attribute = file.parent(node)
        call = file.parent(attribute) if isinstance(attribute, ast.Attribute) else None
        if not isinstance(attribute, ast.Attribute) or not isinstance(call, ast.Call) or call.func is not attribute:
            return
        statement = file.parent(call)
        if isinstance(statement, (ast.Expr, ast.Assign)) and _goes(statement, call, attribute.attr, file):
            self.removed.append(statement)
        elif edits := _in_place(attribute.attr, call, file):
            self.edits += edits
        else:
            return
        self.known.add(node)


def _goes(statement: ast.Expr | ast.Assign, call: ast.Call, method: str, file: File) -> bool:
    """Whether the statement goes: it only serves the scaler, or `loss = loss` would be left of it."""
    if isinstance(statement, ast.Expr):
        return method in _STATEMENTS
    texts = {file.text(node) for node in (*statement.targets, *call.args)}
    return method == "scale" and len(call.args) == 1 and not call.keywords and len(texts) == 1


def _in_place(method: str, call: ast.Call, file: File) -> list[Edit]:
    """The edits of a call whose value stays in use; none where its form is not known."""
    given = arguments(call)
    if method in _VALUES and not given:
        return [replace(file, call, _VALUES[method])]
    first = _value(given[0], method) if given else None
    if first is None:
        return []
    if method == "scale" and len(given) == 1:
        return keep_argument(file, call, first)
    if method == "step":
        start, end = file.source.span(call)
        rest = file.source.span(given[1])[0] if len(given) > 1 else None
        before, after = file.source.span(first)
        bare = operand(file, first) == file.text(first)
        tail = b".step()" if rest is None else b".step("
        head = Edit(start, before, b"" if bare else b"(")
        return [head, Edit(after, end if rest is None else rest, tail if bare else b")" + tail)]
    return []


def _value(argument: ast.expr | ast.keyword, method: str) -> ast.expr | None:
    """The first argument, also when it is given by name."""
    if isinstance(argument, ast.keyword):
        return argument.value if argument.arg == {"scale": "outputs", "step": "optimizer"}.get(method) else None
    return None if isinstance(argument, ast.Starred) else argument
