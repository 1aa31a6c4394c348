"""torch.nn.DataParallel taken off: what it wraps, tests for it, and the way through it to the module inside."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.edit_branches import with_emptied_ifs
from migrator.core.edit_calls import keep_argument
from migrator.core.edit_expressions import replace
from migrator.core.edit_imports import remove_names
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._data_parallel_module import module_edits
from migrator.rules._reads import is_read, scope_around
from migrator.rules._torch import only

NAMES = frozenset({f"torch.nn.{name}" for name in ("DataParallel", "parallel.DataParallel")}) | {
    "torch.nn.parallel.data_parallel.DataParallel"
}
_SAYS = re.compile(r"(?i)print|debug|info|warn(ing)?|log|write")


def unwrapped(file: File) -> list[Edit]:
    """The edits that take DataParallel out of a file, where it stands in a form that says what is left."""
    wraps = [call for call in file.index.calls if only(file.called(call), NAMES) and _wrapped(call) is not None]
    statements = [s for call in wraps if (s := _rebinding(call, file)) is not None]
    statements += [s for call in file.index.calls for s in _only_if_wrapped(call, file)]
    statements += [s for statement in statements for s in _messages(statement, statements, file)]
    gone: set[ast.AST] = set(with_emptied_ifs(file, statements))
    tests = list(_tests(file, gone))
    gone |= {node for node, _ in tests}
    groups = [[replace(file, node, code)] for node, code in tests]
    for call in wraps:
        argument = _wrapped(call)
        if argument is not None and not _is_in(call, gone, file):
            groups.append(keep_argument(file, call, argument))
    groups += [[edit] for edit in module_edits(file, wraps, NAMES, gone)]
    return _beside(remove_all(file, statements), groups) or _unused_imports(file)


def _beside(removals: list[Edit], groups: list[list[Edit]]) -> list[Edit]:
    """Removals, and the groups of edits that none of them touches; the others are found again in the next round."""
    free = [g for g in groups if not any(e.start < r.end and r.start < e.end for e in g for r in removals)]
    return [*removals, *(edit for group in free for edit in group)]


def _unused_imports(file: File) -> list[Edit]:
    """The edits that remove imports of the class, once nothing reads them; another file may import from a package's."""
    if file.path.endswith("__init__.py"):
        return []
    whole: list[ast.stmt] = []
    edits: list[Edit] = []
    for node in file.index.nodes:
        if not isinstance(node, ast.ImportFrom) or b"noqa" in _line(node, file):
            continue
        own = [a for a in node.names if f"{node.module}.{a.name}" in NAMES]
        unread = [a for a in own if not is_read(a.asname or a.name, scope_around(node, file), file)]
        if unread and len(unread) == len(node.names):
            whole.append(node)
        elif unread:
            edits += remove_names(file, node, unread)
    return _beside(remove_all(file, whole), [edits])


def _line(node: ast.stmt, file: File) -> bytes:
    start, end = file.source.span(node)
    return file.source.text[start : file.source.line_end(end)]


def _is_in(node: ast.AST, gone: set[ast.AST], file: File) -> bool:
    return node in gone or any(above in gone for above in file.ancestors(node))


def _wrapped(call: ast.Call) -> ast.expr | None:
    """The module that is wrapped."""
    named = keyword(call, "module")
    value = call.args[0] if call.args else named.value if named is not None else None
    return None if isinstance(value, ast.Starred) else value


def _rebinding(call: ast.Call, file: File) -> ast.stmt | None:
    """The statement `model = DataParallel(model)`, which leaves nothing to do."""
    statement, module = file.parent(call), _wrapped(call)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or module is None:
        return None
    return statement if ast.unparse(statement.targets[0]) == ast.unparse(module) else None


def _messages(statement: ast.stmt, others: list[ast.stmt], file: File) -> list[ast.stmt]:
    """What a branch says about it, where it does nothing else."""
    suite = file.suite(statement)
    said = [s for s in suite if s not in others]
    in_branch = isinstance(file.parent(statement), ast.If)
    return said if in_branch and all(_is_message(s) for s in said) else []


def _is_message(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    func = call.func if isinstance(call, ast.Call) else None
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return bool(_SAYS.fullmatch(name))


def _asked(call: ast.AST, file: File) -> list[ast.expr] | None:
    """For `isinstance(x, DataParallel)`, or a tuple of classes with it: the other classes; None for anything else."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "isinstance":
        return None
    if len(call.args) != 2:
        return None
    classes = call.args[1].elts if isinstance(call.args[1], ast.Tuple) else [call.args[1]]
    others = [one for one in classes if not only(file.names(one), NAMES)]
    return others if len(others) < len(classes) else None


def _only_if_wrapped(call: ast.Call, file: File) -> list[ast.stmt]:
    """The statements below `if isinstance(x, DataParallel):`, where there is nothing else to do."""
    above = file.parent(call)
    if isinstance(above, ast.If) and above.test is call and not above.orelse and _asked(call, file) == []:
        return above.body
    return []


def _tests(file: File, gone: set[ast.AST]) -> Iterator[tuple[ast.expr, str]]:
    """What takes the place of tests for the class."""
    for call in file.index.calls:
        others = _asked(call, file)
        if others is None or _is_in(call, gone, file):
            continue
        above = file.parent(call)
        if others:
            texts = [file.text(one) for one in others]
            yield call.args[1], texts[0] if len(texts) == 1 else f"({', '.join(texts)})"
        elif isinstance(above, ast.IfExp) and above.test is call:
            yield above, file.text(above.orelse)
        else:
            yield call, "False"
