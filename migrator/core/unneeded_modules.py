"""Modules that an earlier layer put beside a file, and that nothing imports any more: they go, each with its why."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.findings import Kind, LineRange
from migrator.core.layers import RuleLayer
from migrator.core.linemap import Hunk, LineMap, line_starts
from migrator.core.steps import Step, StepChange
from migrator.core.tree import Mode, Tree


def unneeded_modules(layer: RuleLayer, before: Tree, after: Tree, upstream: Tree) -> Iterator[tuple[str, str]]:
    """The modules of the layer that something imported before it and nothing does after it, with who no longer does.

    What the upstream has stays, and what is not byte for byte the module that a layer has put there.
    """
    changed = [path for path, entry in after.items() if path in before and entry.data != before[path].data]
    for name, module in sorted(layer.modules.items()):
        put = [path for path, entry in before.items() if _is_of(path, name) and entry.data == module.data]
        added = [path for path in put if path not in upstream]
        users = [path for path in changed if path not in added]
        dropped = [path for path in users if _imports(path, before, name) and not _imports(path, after, name)]
        if added and dropped and not any(_imports(path, after, name) for path in after if path not in added):
            yield from ((path, dropped[0]) for path in sorted(added))


def removed_file(layer: RuleLayer, path: str, data: bytes, user: str, fix: int) -> Step:
    """The step that removes a module, explained as one change."""
    lines = len(line_starts(data)) - data.endswith((b"\n", b"\r"))
    before, after = LineRange(1, lines if data else 0), LineRange(1, 0)
    text, reason = data.decode("utf-8", "replace"), f"{user} no longer imports it, and nothing else does."
    change = StepChange(before, after, text, "", layer.name, Kind.MODIFIED, reason, layer.source, fix)
    return Step(path, path, LineMap((Hunk(before, after),)), (change,))


def _is_of(path: str, name: str) -> bool:
    return path.rpartition("/")[2] == f"{name}.py"


def _imports(path: str, tree: Tree, name: str) -> bool:
    """Whether a Python file imports something of that name, from wherever, or may do so: what does not parse may."""
    entry = tree[path]
    if not path.endswith(".py") or entry.mode not in (Mode.FILE, Mode.EXECUTABLE) or name.encode() not in entry.data:
        return False
    try:
        return any(name in _last_parts(node) for node in ast.walk(ast.parse(entry.data)))
    except (SyntaxError, ValueError, RecursionError):
        return True


def _last_parts(node: ast.AST) -> list[str]:
    """The last parts of the dotted names that a statement imports, or imports from."""
    names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
    if isinstance(node, ast.ImportFrom) and node.module:
        names.append(node.module)
    return [name.rpartition(".")[2] for name in names]
