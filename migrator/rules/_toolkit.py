"""What Gaudi's own GPU migration answers while a ported script runs, in ports of that style."""

from __future__ import annotations

import ast

from migrator.core.file import File
from migrator.core.target import Style
from migrator.core.toolkit_names import KnownNames


def is_in_use(file: File) -> bool:
    """Whether the port leaves CUDA's names to the toolkit."""
    return file.target.style is Style.GPU_MIGRATION


def answers(name: str, file: File) -> bool:
    """Whether the port leaves the name to the toolkit, which is known to answer it."""
    return is_in_use(file) and file.context.api.toolkit.find(name) is not None


def package_to_install(node: ast.Import | ast.ImportFrom, file: File) -> KnownNames | None:
    """The package that the toolkit needs installed for what this import brings in, at its first import in the file."""
    if not is_in_use(file):
        return None
    for root in _roots(node):
        group = file.context.api.toolkit.package(root)
        if group is not None and node is _first_import(root, file):
            return group
    return None


def _roots(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [] if node.level else [(node.module or "").partition(".")[0]]
    return [alias.name.partition(".")[0] for alias in node.names]


def _first_import(root: str, file: File) -> ast.Import | ast.ImportFrom:
    imports = (n for n in file.index.nodes if isinstance(n, (ast.Import, ast.ImportFrom)) and root in _roots(n))
    return min(imports, key=lambda node: (node.lineno, node.col_offset))
