"""What a file needs before it can name the device: `torch` itself, and the import that loads the hpu backend."""

from __future__ import annotations

import ast

from migrator.core.bindings import Import
from migrator.core.edit_imports import bound_as, ensure_import
from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError
from migrator.core.scopes import Scope

IMPORT = "import habana_frameworks.torch.core as htcore"


def backend_import(file: File) -> list[Edit]:
    """The edits that load the hpu backend where `import torch` alone does not.

    It does from release 1.18 on, but not in lazy mode. Source: HabanaAI/gaudi-pytorch-bridge 1.19.0
    python_packages/habana_frameworks/autoload/__init__.py
    """
    if file.target.release.autoload and not file.target.lazy:
        return []
    return ensure_import(file, IMPORT)


def torch_name(file: File, node: ast.AST) -> tuple[str, list[Edit]]:
    """The name by which `node` can reach torch, and the edits that import it where nothing does."""
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if isinstance(root, ast.Name) and file.names(root) == {"torch"}:
        return root.id, []
    bound = bound_as(file, "torch")
    name = bound or "torch"
    home = scope_at(file, node).find(name)
    if home is None:
        return name, ensure_import(file, "import torch")
    if not all(isinstance(b, Import) and b.target == "torch" for b in home.bindings[name]):
        raise SpotMismatchError(node, "torch", f"{name}, which is something else here")
    return name, []


def scope_at(file: File, node: ast.AST) -> Scope:
    """The scope that a name at `node` would be looked up in."""
    if isinstance(node, ast.Name):
        return file.index.scope_of[node]
    for above in file.ancestors(node):
        if above in file.index.scopes:
            return file.index.scopes[above]
    return file.index.scopes[file.module]


def quoted(file: File, node: ast.AST, text: str) -> str:
    """`text` as a string literal, with quotes that do not end an f-string around `node`."""
    literal = next((file.text(above) for above in file.ancestors(node) if isinstance(above, ast.JoinedStr)), "")
    opening = literal.lstrip("rRfF")
    return f"'{text}'" if opening.startswith('"') else f'"{text}"'
