"""`model.module`, the way through a wrapper, where DataParallel is no longer there."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from migrator.core.bindings import Assigned
from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit
from migrator.core.file import File


def module_edits(file: File, wraps: Sequence[ast.Call], names: frozenset[str], gone: Collection[ast.AST]) -> list[Edit]:
    """`model.module` -> `model` where the wrapper was there for certain, else `getattr(model, "module", model)`.

    `names` are those of the wrapper, `gone` is what goes anyway. The second form is right with and without a wrapper,
    so that one around the same model, such as DistributedDataParallel, may stay. What asks first, by hasattr or
    isinstance, stays as it is. The cards of the wrapper (`model.device_ids`) are `[0]`, the one of the process.
    """
    edits: list[Edit] = []
    for node in file.index.nodes:
        if not _is_access(node) or any(above in gone for above in (node, *file.ancestors(node))):
            continue
        if not isinstance(node, ast.Attribute) or not _may_be(node.value, names, file):
            continue
        if node.attr == "device_ids":
            edits.append(replace(file, node, "[0]"))
        elif not _is_asked(node.value, file):
            text = file.text(node.value)
            certain = any(_is_certain(node.value, call, file) for call in wraps)
            edits.append(replace(file, node, text if certain else f'getattr({text}, "module", {text})'))
    return edits


def _is_access(node: ast.AST) -> bool:
    """`name.module` or `a.b.module`, or the wrapper's list of cards, read."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr in ("module", "device_ids")
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, (ast.Name, ast.Attribute))
    )


def _may_be(receiver: ast.expr, names: frozenset[str], file: File) -> bool:
    """Whether the receiver may be the wrapper, also one that was moved to the device."""
    methods = [value.func for value in _values(receiver, file) if isinstance(value, ast.Call)]
    moved = [func.value for func in methods if isinstance(func, ast.Attribute)]
    return any(file.origins(made) & names for made in (receiver, *moved))


def _values(receiver: ast.expr, file: File) -> Iterator[ast.expr]:
    if isinstance(receiver, ast.Name):
        home = file.index.scope_of[receiver].find(receiver.id)
        bound = home.bindings[receiver.id] if home is not None else []
    else:
        bound = list(file.index.attributes.get(ast.unparse(receiver), ()))
    yield from (b.value for b in bound if isinstance(b, Assigned))


def _is_asked(receiver: ast.expr, file: File) -> bool:
    """Whether the access is made only after asking what the receiver is."""
    text = ast.unparse(receiver)
    for above in file.ancestors(receiver):
        tests = [above.test] if isinstance(above, (ast.If, ast.IfExp)) else getattr(above, "values", [])
        if any(_asks_about(test, text) for test in tests if isinstance(test, ast.expr)):
            return True
    return False


def _asks_about(test: ast.expr, text: str) -> bool:
    calls = [n for n in ast.walk(test) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    asked = [c for c in calls if getattr(c.func, "id", "") in ("hasattr", "isinstance", "type", "is_wrapped")]
    return any(ast.unparse(c.args[0]) == text for c in asked if c.args)


def _is_certain(receiver: ast.expr, call: ast.Call, file: File) -> bool:
    """Whether the wrapping always comes before, in the same function, and nothing is assigned to the name after it."""
    statement = file.statement(call)
    if not isinstance(receiver, ast.Name) or not isinstance(statement, ast.Assign):
        return False
    if [ast.unparse(target) for target in statement.targets] != [receiver.id]:
        return False
    scope = file.index.scope_of[receiver]
    target = statement.targets[0]
    same = isinstance(target, ast.Name) and file.index.scope_of[target] is scope
    after = [v for v in _values(receiver, file) if v.lineno > statement.lineno]
    around = [file.statement(receiver), *file.ancestors(file.statement(receiver))]
    suite = file.suite(statement)
    return same and not after and any(s in around for s in suite[suite.index(statement) + 1 :])
