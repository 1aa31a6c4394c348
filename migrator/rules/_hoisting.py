"""What can be worked out before a loop instead of in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.bindings import Parameter
from migrator.core.file import File

Loop = ast.For | ast.AsyncFor | ast.While
LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_PLAIN = (
    *(ast.Name, ast.Attribute, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Subscript),
    *(ast.expr_context, ast.cmpop, ast.boolop, ast.unaryop, ast.operator),
)


def loops_around(node: ast.AST, file: File) -> list[Loop]:
    """The loops of the same function that hold `node` in their bodies, the outermost first."""
    found: list[Loop] = []
    for above in file.ancestors(node):
        if isinstance(above, _FUNCTIONS):
            break
        if isinstance(above, LOOPS):
            found.append(above)
    return found[::-1]


def is_plain(node: ast.AST) -> bool:
    """Whether an expression only looks at names, attributes and constants."""
    return all(isinstance(part, _PLAIN) for part in ast.walk(node))


def is_settled(node: ast.expr, loop: Loop, file: File) -> bool:
    """Whether all that an expression names is bound before the loop, and the loop assigns none of it."""
    changed = set(_assigned(loop))
    inner = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for part in ast.walk(node):
        if isinstance(part, (ast.Attribute, ast.Subscript)) and ast.unparse(part) in changed:
            return False
        is_outer = isinstance(part, ast.Name) and part.id not in inner
        if isinstance(part, ast.Name) and is_outer and (part.id in changed or not _is_bound_before(part, loop, file)):
            return False
    return True


def _assigned(loop: Loop) -> Iterator[str]:
    """What the loop assigns, as text: names, attributes, elements."""
    for node in ast.walk(loop):
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            yield ast.unparse(node)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names


def _is_bound_before(name: ast.Name, loop: Loop, file: File) -> bool:
    """Whether a name has a value where the loop starts."""
    scope = file.index.scope_of[name]
    home = scope.find(name.id)
    if home is None or any(isinstance(b, Parameter) for b in home.bindings[name.id]):
        return True
    owner = next(a for a in file.ancestors(loop) if a in file.index.scopes)
    if home.node is not owner:
        return True  # of the module or a function around
    stores = (
        n for n in ast.walk(owner) if isinstance(n, ast.Name) and n.id == name.id and isinstance(n.ctx, ast.Store)
    )
    binders = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    defined = any(isinstance(s, binders) and s.lineno < loop.lineno for s in ast.walk(owner) if _binds(s, name.id))
    return defined or any(store.lineno < loop.lineno for store in stores)


def _binds(node: ast.AST, name: str) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return node.name == name
    aliases = node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else []
    return any((alias.asname or alias.name.partition(".")[0]) == name for alias in aliases)


def guards(node: ast.AST, loop: Loop, file: File) -> Iterator[tuple[str, ast.expr, bool]]:
    """What must be true for `node` to be reached in the loop: text, test, and whether the loop leaves it as it is."""
    below: ast.AST = node
    for above in file.ancestors(node):
        if above is loop:
            return
        if isinstance(above, ast.If):
            in_body = any(below is statement for statement in above.body)
            whole = isinstance(above.test, ast.BoolOp) and isinstance(above.test.op, ast.And) and in_body
            parts = above.test.values if whole and isinstance(above.test, ast.BoolOp) else [above.test]
            for part in parts:
                text = ast.unparse(part)
                text = f"({text})" if isinstance(part, (ast.BoolOp, ast.IfExp, ast.Lambda)) else text
                shown = text if in_body else f"not {text}"
                yield shown, part, is_plain(part) and is_settled(part, loop, file)
        below = above
