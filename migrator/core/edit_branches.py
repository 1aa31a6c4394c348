"""What becomes of the branches of an `if` when statements go: which `if`s go with them, and tests turned round."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence

from migrator.core.edit_statements import is_elif, start_of
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
# The comparisons whose opposite is exact; a class may define == and != independently of each other.
_OPPOSITES = {ast.Is: b"is not", ast.IsNot: b"is", ast.In: b"not in", ast.NotIn: b"in"}
_OPERATOR = re.compile(rb"\bis\s+not\b|\bnot\s+in\b|\bis\b|\bin\b")
_ELSE = re.compile(rb"[ \t\f]*else[ \t\f]*[:\\]")


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


def empties(gone: Collection[ast.stmt], suite: Sequence[ast.stmt]) -> bool:
    """Whether nothing but `pass` is left of a block without the statements in `gone`."""
    return all(statement in gone or isinstance(statement, ast.Pass) for statement in suite)


def with_emptied_ifs(file: File, statements: Collection[ast.stmt]) -> frozenset[ast.stmt]:
    """`statements`, and every `if` or `elif` that they empty and whose test has no effect."""
    gone, waiting = set(statements), list(statements)
    while waiting:
        above = file.parent(waiting.pop())
        if not isinstance(above, ast.If) or above in gone or not only_asks(above.test, file):
            continue
        if empties(gone, above.body) and empties(gone, above.orelse):
            gone.add(above)
            waiting.append(above)
    return frozenset(gone)


def keyword_of(file: File, suite: Sequence[ast.stmt]) -> int:
    """The offset of the word `else`, or `elif`, that leads an `orelse`."""
    start = start_of(file, suite[0])
    if is_elif(file, suite[0]):
        return start
    at = file.source.line_start(start)
    while not _ELSE.match(file.source.text, at):
        at = file.source.line_start(at - 1)
    return at + len(file.source.indent(at))


def turned_round(file: File, block: ast.If) -> Edit:
    """`if a: <emptied> else: b` -> `if not a: b`."""
    start, text = file.source.span(block)[0], file.source.text
    word = b"elif" if text.startswith(b"elif", start) else b"if"
    colon = text.index(b":", keyword_of(file, block.orelse))
    return Edit(start, colon + 1, word + b" " + _negated(file, block.test) + b":")


def _negated(file: File, test: ast.expr) -> bytes:
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPPOSITES:
        return _bracketed(_opposite(file, test))
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _bracketed(file.text(test.operand).encode())
    return b"not " + _bracketed(file.text(test).encode(), always=not isinstance(test, _UNARY))


def _opposite(file: File, test: ast.Compare) -> bytes:
    """`a is b` as `a is not b`, `a not in b` as `a in b`."""
    (start, end), (_, left), (right, _) = map(file.source.span, (test, test.left, test.comparators[0]))
    text = file.source.text
    operator = _OPERATOR.sub(_OPPOSITES[type(test.ops[0])], text[left:right], count=1)
    return text[start:left] + operator + text[right:end]


def _bracketed(text: bytes, *, always: bool = False) -> bytes:
    """Text in the parentheses that it needs to stand alone over several lines."""
    return b"(" + text + b")" if always or len(text.splitlines()) > 1 else text
