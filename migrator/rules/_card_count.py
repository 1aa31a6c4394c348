"""Where a number of cards goes: the places of one file at which the result of device_count() is used.

Assignments, attributes, tuples, max(1, n), parameters and returns of functions of the file are followed; what is
yielded are the expressions at the end of these ways, and the names that the number is given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from migrator.core.bindings import Opaque, Parameter
from migrator.core.file import File

_NUMBERS = frozenset({"int", "max", "min"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def uses(count: ast.expr, file: File) -> Iterator[ast.expr]:
    """The expressions that hold the number, and go nowhere that can be followed; also targets that it is given to."""
    waiting, seen = [count], {count}
    while waiting:
        node = waiting.pop()
        onward = list(_onward(node, file))
        targets = [target for target in _targets(node, file) if isinstance(target, (ast.Name, ast.Attribute))]
        yield from targets
        is_local = bool(targets) and all(isinstance(target, ast.Name) for target in targets)
        if not onward and not is_local and not isinstance(file.parent(node), ast.Expr):
            yield node  # also one that leaves the file: returned, or an attribute that only others read
        for further in onward:
            if further not in seen:
                seen.add(further)
                waiting.append(further)


def _onward(node: ast.expr, file: File) -> Iterator[ast.expr]:
    """The expressions that hold the number because `node` does."""
    above = file.parent(node)
    for target in _targets(node, file):
        yield from _reads(target, file)
    if (
        (isinstance(above, ast.IfExp) and node is not above.test)
        or isinstance(above, (ast.BoolOp, ast.NamedExpr))
        or (isinstance(above, ast.Call) and is_number(above, file) and node in above.args)
    ):
        yield above
    elif isinstance(above, ast.Return):
        yield from _results(above, file)
    elif isinstance(above, ast.Call) and node is not above.func:
        yield from _parameter_reads(above, node, None, file)
    elif isinstance(above, ast.keyword) and isinstance(call := file.parent(above), ast.Call):
        yield from _parameter_reads(call, node, above.arg, file)


def is_number(call: ast.Call, file: File) -> bool:
    """Whether a call of a builtin gives one of the numbers that it takes."""
    func = call.func
    return isinstance(func, ast.Name) and func.id in _NUMBERS and file.index.scope_of[func].find(func.id) is None


def _targets(node: ast.expr, file: File) -> Iterator[ast.expr]:
    """What the value of `node` is assigned to."""
    above = file.parent(node)
    if isinstance(above, ast.Assign) and above.value is node:
        yield from above.targets
    elif isinstance(above, (ast.AnnAssign, ast.NamedExpr)) and above.value is node:
        yield above.target
    elif isinstance(above, ast.Tuple):
        place, outer = above.elts.index(node), file.parent(above)
        if isinstance(outer, ast.Assign) and outer.value is above:
            yield from (target.elts[place] for target in outer.targets if _is_like(target, above))
        elif isinstance(outer, ast.Return):
            for result in _results(outer, file):
                for target in _targets(result, file):
                    if isinstance(target, ast.Tuple) and len(target.elts) == len(above.elts):
                        yield target.elts[place]


def _is_like(target: ast.expr, value: ast.Tuple) -> TypeGuard[ast.Tuple]:
    return isinstance(target, ast.Tuple) and len(target.elts) == len(value.elts)


def _reads(target: ast.expr, file: File) -> Iterator[ast.expr]:
    """The uses of a variable, or of an attribute of that name on any object."""
    if isinstance(target, ast.Name):
        home = file.index.scope_of[target].find(target.id)
        for name in file.uses(target.id):
            if isinstance(name.ctx, ast.Load) and file.index.scope_of[name].find(name.id) is home:
                yield name
    elif isinstance(target, ast.Attribute):
        for node in file.index.nodes:
            if isinstance(node, ast.Attribute) and node.attr == target.attr and isinstance(node.ctx, ast.Load):
                yield node


def _results(statement: ast.Return, file: File) -> Iterator[ast.expr]:
    """The calls of the function that the statement returns from, or the uses of the property that it is."""
    function = next((above for above in file.ancestors(statement) if isinstance(above, _FUNCTIONS)), None)
    if function is None:
        return
    if any(isinstance(d, ast.Name) and "property" in d.id for d in function.decorator_list):
        yield from _reads(ast.Attribute(ast.Name("self", ast.Load()), function.name, ast.Load()), file)
    yield from (call for call in file.index.calls if function in _defined(call, file))


def _defined(call: ast.Call, file: File) -> list[ast.AST]:
    """The definitions in this file that a call may be of."""
    func = call.func
    home = file.index.scope_of[func].find(func.id) if isinstance(func, ast.Name) else None
    if home is None or not isinstance(func, ast.Name):
        return []
    return [b.node for b in home.bindings[func.id] if isinstance(b, Opaque) and isinstance(b.node, _FUNCTIONS)]


def _parameter_reads(call: ast.Call, argument: ast.expr, name: str | None, file: File) -> Iterator[ast.expr]:
    """The uses of the parameter that takes an argument, in a function of this file."""
    for definition in _defined(call, file):
        if not isinstance(definition, _FUNCTIONS):
            continue
        positions = [*definition.args.posonlyargs, *definition.args.args]
        place = call.args.index(argument) if argument in call.args else len(positions)
        parameter = name or (positions[place].arg if place < len(positions) else "")
        scope = file.index.scopes[definition]
        if any(isinstance(b, Parameter) for b in scope.bindings.get(parameter, ())):
            for use in file.uses(parameter, definition):
                if isinstance(use.ctx, ast.Load) and file.index.scope_of[use].find(parameter) is scope:
                    yield use
