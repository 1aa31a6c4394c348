"""The execution mode is chosen by the entry point, before anything imports torch.

    import os                            import os
    import torch               ->        os.environ.setdefault("PT_HPU_LAZY_MODE", "1")
                                         import torch

Only in scripts (`if __name__ == "__main__"`), and only where the target's mode is not what its release does anyway:
the bridge reads the variable once, while it is loaded. `setdefault` leaves the last word to the user.
Source: https://docs.habana.ai/en/latest/PyTorch/Reference/Runtime_Flags.html and HabanaAI/gaudi-pytorch-bridge
1.19.0, habana_frameworks/torch/__init__.py (the variable chooses which library is loaded).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from migrator.core.edit_statements import insert_before
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target


class ExecutionMode(Rule):
    """Sets the mode's environment variable before torch is imported."""

    name = "execution-mode"
    kind = Kind.MODIFIED
    reason = "The mode is read once, while the backend is loaded, and this release's default is another one."
    source = "https://docs.habana.ai/en/latest/PyTorch/Reference/Runtime_Flags.html"
    needles = (b"__main__",)
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Only where the release would do something else by itself."""
        return target.release.default_mode is not target.mode

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """The module, once."""
        variable, value = file.target.mode_variable
        place = _first_foreign_import(file.module)
        if place is None or not _is_script(file.module) or not _imports_torch(file) or _says(file, variable):
            return
        line = f'os.environ.setdefault("{variable}", "{value}")'
        edits = [insert_before(file, place, line)]
        if not _os_imported_before(file.module, place):
            start = edits[0].start
            edits.insert(0, Edit(start, start, b"import os" + file.source.newline(start)))
        yield self.fix(edits)


def _is_script(module: ast.Module) -> bool:
    return any(
        isinstance(node, ast.If)
        and any(isinstance(n, ast.Constant) and n.value == "__main__" for n in ast.walk(node.test))
        for node in module.body
    )


def _imports_torch(file: File) -> bool:
    """Whether anything imported at the top may bring torch in: torch itself, or a module of the repository."""
    return any(isinstance(node, (ast.Import, ast.ImportFrom)) and "torch" in _roots(node) for node in file.index.nodes)


def _says(file: File, variable: str) -> bool:
    """Whether the script names the variable already."""
    return any(isinstance(node, ast.Constant) and node.value == variable for node in file.index.nodes)


def _roots(node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {"."} if node.level else {(node.module or "").split(".")[0]}


def _first_foreign_import(module: ast.Module) -> ast.stmt | None:
    """The first top-level statement that imports anything but the standard library, also inside a try or an if."""
    for node in module.body:
        inner = [n for n in ast.walk(node) if isinstance(n, (ast.Import, ast.ImportFrom))]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if any(_roots(n) - sys.stdlib_module_names for n in inner):
            return node
    return None


def _os_imported_before(module: ast.Module, place: ast.stmt) -> bool:
    before = module.body[: module.body.index(place)]
    return any(isinstance(n, ast.Import) and any(a.name == "os" and not a.asname for a in n.names) for n in before)
