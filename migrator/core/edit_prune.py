"""Remove a statement together with the branches of `if` that it would leave empty.

`if args.use_cuda: torch.cuda.empty_cache()` goes as a whole when asking the condition does nothing; an `else` left
empty goes; a body left empty before a plain `else` turns the condition round. Comments on lines of their own stay.
"""

from __future__ import annotations

import ast

from migrator.core.edit_statements import ends_line, remove, shares_line, start_of, starts_line
from migrator.core.edits import Edit
from migrator.core.file import File

# Calls that only ask, so that a condition made of them can go.
_QUERIES = frozenset(
    {
        *(f"torch.{device}.{ask}" for device in ("cuda", "hpu") for ask in ("is_available", "device_count")),
        *(f"torch.distributed.{ask}" for ask in ("is_available", "is_initialized", "get_rank", "get_world_size")),
    }
)
_BUILTINS = frozenset({"bool", "getattr", "hasattr", "int", "isinstance", "len", "str"})
_UNARY = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Compare, ast.Constant)


def only_asks(expression: ast.expr, file: File) -> bool:
    """Whether working out `expression` changes nothing, so that it can be removed with what it decides."""
    for node in ast.walk(expression):
        if isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)):
            return False
        if isinstance(node, ast.Call):
            names = file.called(node)
            if not _is_builtin(node.func, file) and not (names and names <= _QUERIES):
                return False
    return True


def _is_builtin(func: ast.expr, file: File) -> bool:
    return isinstance(func, ast.Name) and func.id in _BUILTINS and file.index.scope_of[func].find(func.id) is None


def prune(file: File, statement: ast.stmt) -> Edit:
    """Remove a statement, and the branches that it leaves empty; `pass` takes its place where a block must stay."""
    current = statement
    while len(file.suite(current)) == 1:
        above = file.parent(current)
        if not isinstance(above, ast.If):
            break
        if _is_else(file, above, current):
            return _cut_branch(file, above.body[-1], _else_line(file, above), current, statement)
        if above.orelse:
            return _turn_round(file, above, statement)
        if not only_asks(above.test, file):
            break
        outer = file.parent(above)
        if isinstance(outer, ast.If) and _is_elif(file, outer, above):
            return _cut_branch(file, outer.body[-1], file.source.span(above)[0], above, statement)
        current = above
    return _cut(file, current, statement)


def _is_elif(file: File, outer: ast.If, inner: ast.stmt) -> bool:
    """Whether `inner` is the `elif` of `outer`."""
    start = file.source.span(inner)[0]
    return outer.orelse == [inner] and file.source.text.startswith(b"elif", start)


def _is_else(file: File, block: ast.If, statement: ast.stmt) -> bool:
    return block.orelse == [statement] and not _is_elif(file, block, statement)


def _else_line(file: File, block: ast.If) -> int:
    """The offset of the word `else` of a block that has one."""
    at, text = file.source.line_end(file.source.span(block.body[-1])[1]), file.source.text
    while not text[at : file.source.line_end(at)].lstrip().startswith(b"else"):
        at = file.source.line_end(at)
    return at + len(file.source.indent(at))


def _cut_branch(file: File, before: ast.stmt, keyword: int, last: ast.stmt, statement: ast.stmt) -> Edit:
    """Remove an `else` or `elif` branch, from its first word to the end of its last statement."""
    if not ends_line(file, before) or not ends_line(file, last):
        return remove(file, statement)
    kept = _comments(file, keyword, start_of(file, statement), file.source.indent(keyword))
    return Edit(file.source.line_start(keyword), file.source.line_end(file.source.span(last)[1]), kept)


def _cut(file: File, block: ast.stmt, statement: ast.stmt) -> Edit:
    """Remove `block`, in which `statement` is all there is; comments inside it stay at its own indentation."""
    start = start_of(file, block)
    kept = _comments(file, start, start_of(file, statement), file.source.indent(start))
    alone = len(file.suite(block)) == 1 and not isinstance(file.parent(block), ast.Module)
    if not kept or alone or shares_line(file, block):
        return remove(file, block)
    return Edit(file.source.line_start(start), file.source.line_end(file.source.span(block)[1]), kept)


def _turn_round(file: File, block: ast.If, statement: ast.stmt) -> Edit:
    """`if a: <removed> else: b` -> `if not a: b`; `pass` where a comment or an `elif` stands in the way."""
    start = file.source.span(block)[0]
    inner = _is_elif(file, block, block.orelse[0])
    if inner or not starts_line(file, statement) or _comments(file, start, file.source.span(block.orelse[0])[0], b""):
        return remove(file, statement)
    word = b"elif" if file.source.text.startswith(b"elif", start) else b"if"
    colon = file.source.text.index(b":", _else_line(file, block))
    return Edit(start, colon + 1, word + b" " + _negated(file, block.test).encode() + b":")


def _negated(file: File, test: ast.expr) -> str:
    negative = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    inner = test.operand if isinstance(test, ast.UnaryOp) and negative else test
    text = file.text(inner)
    if "\n" in text or not (negative or isinstance(inner, _UNARY)):
        text = f"({text})"
    return text if negative else f"not {text}"


def _comments(file: File, start: int, end: int, indent: bytes) -> bytes:
    """The lines between two offsets that are a comment and nothing else, at another indentation."""
    kept, at = b"", file.source.line_end(start)
    while at < file.source.line_start(end):
        line = file.source.text[at : file.source.line_end(at)]
        if line.lstrip().startswith(b"#"):
            kept += indent + line.lstrip(b" \t\f")
        at = file.source.line_end(at)
    return kept
