"""Find what an anchor addresses: a symbol by qualified name, a statement in it by kind, target and ordinal."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.edit_statements import start_of
from migrator.core.file import File
from migrator.core.rule_layer import DriftError
from migrator.core.scopes import dotted

MIN_HASH = 16  # hexadecimal digits of a hash that an anchor must give
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Symbol = ast.Module | Definition
_SPEC = re.compile(r"(?P<kind>[a-z]+)(?::(?P<target>[^#]+))?(?:#(?P<ordinal>\d+))?")
_KINDS: dict[str, tuple[type[ast.stmt], ...]] = {
    "assign": (ast.Assign,),
    "augassign": (ast.AugAssign,),
    "annassign": (ast.AnnAssign,),
    "expr": (ast.Expr,),
    "if": (ast.If,),
    "for": (ast.For, ast.AsyncFor),
    "while": (ast.While,),
    "with": (ast.With, ast.AsyncWith),
    "try": (ast.Try, getattr(ast, "TryStar", ast.Try)),
    "match": (ast.Match,),
    "return": (ast.Return,),
    "raise": (ast.Raise,),
    "assert": (ast.Assert,),
    "delete": (ast.Delete,),
    "import": (ast.Import,),
    "from": (ast.ImportFrom,),
    "def": (ast.FunctionDef, ast.AsyncFunctionDef),
    "class": (ast.ClassDef,),
    "pass": (ast.Pass,),
    "break": (ast.Break,),
    "continue": (ast.Continue,),
    "global": (ast.Global,),
    "nonlocal": (ast.Nonlocal,),
}


@dataclass(frozen=True)
class StatementSpec:
    """`kind[:target][#ordinal]`, for instance `assign:loss#1`; the ordinal counts from 0 among equals."""

    kind: str
    target: str
    ordinal: int | None


def parse_spec(text: str) -> StatementSpec:
    """Read a statement's address. Raises `ValueError` for a malformed one: that is no drift but a mistake."""
    match = _SPEC.fullmatch(text)
    if match is None or match["kind"] not in _KINDS:
        raise ValueError(f"{text!r} is no statement address; write kind[:target][#ordinal], kinds: {', '.join(_KINDS)}")
    return StatementSpec(match["kind"], match["target"] or "", int(match["ordinal"]) if match["ordinal"] else None)


def target_of(statement: ast.stmt) -> str:  # noqa: PLR0911 - one return a kind of statement
    """What a statement is addressed by: the assigned name, the called name, the first name of a test."""
    if isinstance(statement, ast.Assign):
        return ",".join(_target_names(statement.targets[0]))
    if isinstance(statement, (ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor)):
        return ",".join(_target_names(statement.target))
    if isinstance(statement, ast.Expr):
        value = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        return dotted(value.func) if isinstance(value, ast.Call) else ""
    if isinstance(statement, (ast.If, ast.While, ast.Assert)):
        return _first_name(statement.test)
    if isinstance(statement, ast.Match):
        return _first_name(statement.subject)
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return _first_name(statement.items[0].context_expr)
    if isinstance(statement, (ast.Return, ast.Raise)):
        value_or_none = statement.value if isinstance(statement, ast.Return) else statement.exc
        return _first_name(value_or_none) if value_or_none is not None else ""
    if isinstance(statement, ast.Import):
        return ",".join(alias.name for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        return "." * statement.level + (statement.module or "")
    return getattr(statement, "name", "")


def _target_names(target: ast.expr) -> list[str]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in _target_names(element)]
    return [dotted(target.value if isinstance(target, (ast.Subscript, ast.Starred)) else target)]


def _first_name(expression: ast.expr) -> str:
    """The first dotted name in an expression, in the order of the text."""
    named = [n for n in ast.walk(expression) if isinstance(n, (ast.Name, ast.Attribute)) and dotted(n)]
    named.sort(key=lambda n: (n.lineno, n.col_offset, -(n.end_lineno or 0), -(n.end_col_offset or 0)))
    return dotted(named[0]) if named else ""


def find_symbol(file: File, name: str) -> Symbol:
    """The module (for ""), or the function or class of that qualified name. Raises `DriftError`."""
    place: Symbol = file.module
    for part in name.split(".") if name else ():
        found = [n for n in _definitions(place) if n.name == part]
        if len(found) != 1:
            raise DriftError(
                f"{file.path}: {'no' if not found else 'more than one'} symbol {name!r}",
                hint="the upstream was renamed or moved; correct the anchor's symbol",
            )
        place = found[0]
    return place


def _definitions(place: Symbol) -> Iterator[Definition]:
    """The functions and classes that are defined in `place` itself, also under an `if` or in a `try`."""
    waiting: list[ast.AST] = [place]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, _NAMED):
                yield node
            else:
                waiting.append(node)


def symbol_hash(file: File, name: str) -> str:
    """SHA-256 of a symbol's source with LF line ends: tells `as pinned` from `drifted`."""
    symbol = find_symbol(file, name)
    text = file.source.text
    if not isinstance(symbol, ast.Module):
        text = text[start_of(file, symbol) : file.source.span(symbol)[1]]
    return hashlib.sha256(re.sub(rb"\r\n|\r", b"\n", text)).hexdigest()


def find_statement(file: File, symbol: Symbol, text: str) -> ast.stmt:
    """The one statement that `text` addresses in `symbol`. Raises `DriftError` when there is none, or several."""
    spec = parse_spec(text)
    kinds = _KINDS[spec.kind]
    nodes = [n for n in ast.walk(symbol) if isinstance(n, kinds) and n is not symbol]
    found = [n for n in nodes if not spec.target or target_of(n) == spec.target]
    found.sort(key=lambda n: (n.lineno, n.col_offset))
    if spec.ordinal is not None and spec.ordinal < len(found):
        return found[spec.ordinal]
    if spec.ordinal is None and len(found) == 1:
        return found[0]
    where = getattr(symbol, "name", "the module")
    lines = ", ".join(str(n.lineno) for n in found) or "none"
    raise DriftError(
        f"{file.path}: in {where}, {text!r} addresses {len(found)} statements (lines: {lines})",
        hint="correct the anchor: the ordinal (#0, #1, ...) chooses among several",
    )
