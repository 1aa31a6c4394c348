"""Add an import to a module, once, before anything uses it. Remove names.

One of the standard library goes to its like, where some stand before torch's; any other after `import torch`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from itertools import groupby

from migrator.core.bindings import Import
from migrator.core.edit_statements import insert_after, insert_before, starts_line
from migrator.core.edits import Edit
from migrator.core.file import File


def has_import(file: File, statement: str) -> bool:
    """Whether the module's own scope has the import already."""
    wanted = ast.parse(statement).body[0]
    return any(_covers(node, wanted) for node in file.module.body)


def _covers(node: ast.stmt, wanted: ast.stmt) -> bool:
    if isinstance(node, ast.Import) and isinstance(wanted, ast.Import):
        return {(a.name, a.asname) for a in wanted.names} <= {(a.name, a.asname) for a in node.names}
    if isinstance(node, ast.ImportFrom) and isinstance(wanted, ast.ImportFrom):
        same = (node.module, node.level) == (wanted.module, wanted.level)
        return same and {(a.name, a.asname) for a in wanted.names} <= {(a.name, a.asname) for a in node.names}
    return False


def ensure_import(file: File, statement: str, *, note: str = "") -> list[Edit]:
    """The edits that add `statement` (nothing when it is there). `note` becomes a comment behind it."""
    if has_import(file, statement):
        return []
    code = f"{statement}  # {note}" if note else statement
    body = file.module.body
    place = _place(body)
    wanted = ast.parse(statement).body[0]
    if place is not None and _is_standard(wanted) and (group := _standard_group(body, place)):
        return [_among(file, group, wanted, code)]
    if place is not None:
        last = _last_on_line(body, place)
        return [insert_after(file, last, code)]
    if body:
        return [insert_before(file, body[0], code)]
    end = len(file.source.text)
    newline = file.source.newline(end)
    gap = b"" if not end or file.source.text.endswith((b"\n", b"\r")) else newline
    return [Edit(end, end, gap + code.encode() + newline)]


def _place(body: list[ast.stmt]) -> ast.stmt | None:
    """The statement after which the import goes; None for the top of the file."""
    head = _head(body)
    for node in body:
        if isinstance(node, ast.Import) and any(a.name.split(".")[0] == "torch" for a in node.names):
            return node
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "torch":
            return node
    imports = [n for n in body[len(head) :] if isinstance(n, (ast.Import, ast.ImportFrom))]
    return imports[0] if imports else (head[-1] if head else None)


def _head(body: list[ast.stmt]) -> list[ast.stmt]:
    """The docstring and the __future__ imports, which nothing may precede."""
    head: list[ast.stmt] = []
    for node in body:
        doc = not head and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not doc and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        head.append(node)
    return head


def _is_standard(node: ast.stmt) -> bool:
    """Whether a statement imports from the standard library and from nowhere else."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        names = [node.module]
    return bool(names) and all(name.split(".")[0] in sys.stdlib_module_names - {"__future__"} for name in names)


def _standard_group(body: list[ast.stmt], place: ast.stmt) -> list[ast.stmt]:
    """The longest run of the standard library's imports that begins no later than `place`; empty where there is none.

    So nothing but imports stands between where an import goes otherwise and here.
    """
    runs = [list(run) for is_standard, run in groupby(body, key=_is_standard) if is_standard]
    early = [run for run in runs if run[0].lineno <= place.lineno]
    return max(early, key=len, default=[])


def _among(file: File, group: list[ast.stmt], wanted: ast.stmt, code: str) -> Edit:
    """Insert an import into a group, in its order where it has the usual one, else at its end."""
    before = [node for node in group if _order(node) < _order(wanted)]
    if group != sorted(group, key=_order):
        before = group
    if not before and starts_line(file, group[0]):
        return insert_before(file, group[0], code)
    return insert_after(file, _last_on_line(file.module.body, (before or group)[-1]), code)


def _order(node: ast.stmt) -> tuple[bool, str]:
    """`import x` before `from x import y`, by name: what isort does unless it is told otherwise."""
    if isinstance(node, ast.ImportFrom):
        return True, (node.module or "").lower()
    return False, node.names[0].name.lower() if isinstance(node, ast.Import) else ""


def _last_on_line(body: list[ast.stmt], place: ast.stmt) -> ast.stmt:
    """The last of the simple statements that share a line with `place`, so that a comment may follow."""
    at = body.index(place)
    while at + 1 < len(body) and body[at + 1].lineno == body[at].end_lineno:
        at += 1
    return body[at]


def bound_as(file: File, target: str) -> str:
    """The name by which the module's scope has imported `target`, or an empty string."""
    for name, bindings in file.index.scopes[file.module].bindings.items():
        if any(isinstance(b, Import) and b.target == target for b in bindings):
            return name
    return ""


def remove_names(file: File, statement: ast.Import | ast.ImportFrom, unwanted: Sequence[ast.alias]) -> list[Edit]:
    """Remove some, but not all, of the names that an import statement binds."""
    spans = [file.source.span(alias) for alias in statement.names]
    edits: list[Edit] = []
    for is_unwanted, run in groupby(range(len(spans)), key=lambda i: statement.names[i] in unwanted):
        if not is_unwanted:
            continue
        places = list(run)
        if lines := _own_lines(file, statement, spans[places[0]][0], spans[places[-1]][1]):
            edits.append(Edit(*lines, b""))
        elif places[-1] + 1 < len(spans):
            edits.append(Edit(spans[places[0]][0], spans[places[-1] + 1][0], b""))
        else:
            edits.append(Edit(spans[places[0] - 1][1], spans[places[-1]][1], b""))
    return edits


def _own_lines(file: File, statement: ast.stmt, start: int, end: int) -> tuple[int, int] | None:
    """The lines of names in parentheses that stand on lines of their own."""
    line, stop = file.source.line_start(start), file.source.line_end(end)
    before, after = file.source.text[line:start].strip(), file.source.text[end:stop].strip().lstrip(b", ")
    alone = not before and (not after or after.startswith(b"#"))
    return (line, stop) if alone and file.text(statement).endswith(")") else None
