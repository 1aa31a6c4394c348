"""The embedded trainer before and after stage packed."""

from __future__ import annotations

from pathlib import Path

from migrator.config import make_target
from migrator.core.layers import StageResult
from migrator.core.stages import apply_stage
from migrator.core.tree import Tree
from migrator.migration import toolbox_for
from migrator.recipes import load_recipe
from migrator.repo.embedded import read_embedded
from migrator.repo.known_pins import load_pin
from migrator.repo.pins import EmbeddedPin


def upstream_tree() -> Tree:
    """The trainer as it is embedded."""
    pin = load_pin("sample-bert")
    assert isinstance(pin, EmbeddedPin)
    return read_embedded(pin)


def apply_packed(base: str) -> tuple[Tree, StageResult]:
    """The tree of `base`, "upstream" or "minimal", and what the stage makes of it."""
    upstream, toolbox = upstream_tree(), toolbox_for(make_target(None, None, None, None))
    minimal, packed, *_ = load_recipe("sample-bert").stages
    before = upstream if base == "upstream" else apply_stage(minimal, upstream, upstream, toolbox).tree
    return before, apply_stage(packed, before, upstream, toolbox)


def write_tree(tree: Tree, folder: Path) -> Path:
    """Write the files into `folder`, and return it."""
    for path, entry in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(entry.data)
    return folder
