"""The files of an output's stage, as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from migrator.repo.workspace import Workspace


def texts(output: Path, stage: str) -> dict[str, str]:
    """Every file of a stage, by path."""
    tree = Workspace.open(output).read_tree(stage)
    return {path: entry.data.decode("utf-8", "replace") for path, entry in tree.items()}


def python(tree: Mapping[str, str]) -> dict[str, str]:
    """The Python files of a tree."""
    return {path: text for path, text in tree.items() if path.endswith(".py")}
