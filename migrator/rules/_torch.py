"""How a name of torch is written in a file, and the import that it takes."""

from __future__ import annotations

from migrator.core.edit_imports import bound_as, ensure_import
from migrator.core.edits import Edit
from migrator.core.file import File


def spell(file: File, name: str) -> tuple[str, list[Edit]]:
    """Return `name` ("torch.nn.LayerNorm") as this file can write it, and the edits that import torch if need be."""
    if own := bound_as(file, name):
        return own, []
    local = bound_as(file, "torch")
    if local:
        return local + name.removeprefix("torch"), []
    return name, ensure_import(file, "import torch")


def only(names: frozenset[str], wanted: frozenset[str]) -> bool:
    """Whether a name stands for nothing but the wanted ones."""
    return bool(names) and names <= wanted
