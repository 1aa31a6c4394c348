"""Other names that a file gives to a function."""

from __future__ import annotations

import ast

from migrator.core.file import File


def is_alias(node: ast.expr, file: File) -> bool:
    """Whether a plain assignment gives the function another name, whose uses are seen as its own."""
    above = file.parent(node)
    return isinstance(above, ast.Assign) and all(isinstance(target, ast.Name) for target in above.targets)
