"""Whole files that a layer adds, and which modules a rewritten file has come to need beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from migrator.core.findings import Kind, LineRange
from migrator.core.linemap import Hunk, LineMap, line_starts
from migrator.core.steps import Step, StepChange
from migrator.core.tree import Entry


def added_file(path: str, data: bytes, rule: str, reason: str, source: str, fix: int) -> Step:
    """The step that adds a file, explained as one change."""
    lines = len(line_starts(data)) - data.endswith((b"\n", b"\r"))
    before, after = LineRange(1, 0), LineRange(1, lines if data else 0)
    text = data.decode("utf-8", "replace")
    change = StepChange(before, after, "", text, rule, Kind.MODIFIED, reason, source, fix)
    return Step(path, "", LineMap((Hunk(before, after),)), (change,))


def module_path(path: str, module: str) -> str:
    """Where the module stands that the file at `path` imports from beside it."""
    return "".join([*path.rpartition("/")[:2], f"{module}.py"])


def needed_modules(path: str, before: str, after: str, modules: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    """The modules that the file at `path` imports after a rewrite and did not before, with their paths."""
    offered = [name for name in sorted(modules) if name in after]
    imported = _imported(after) - _imported(before) if offered else set()
    yield from ((module_path(path, name), modules[name]) for name in offered if name in imported)


def _imported(text: str) -> set[str]:
    """The names of the modules that a file may find beside it: `import x`, `from x import y`, `from . import x`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level < 2:
            found.update([node.module] if node.module else [alias.name for alias in node.names])
    return found
