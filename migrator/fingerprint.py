"""A fingerprint of everything in this package that decides what a stage looks like."""

from __future__ import annotations

import hashlib
from pathlib import Path

from migrator.resources import find_data

_PACKAGE = Path(__file__).resolve().parent
_RECIPES = ("recipes.py", "recipe_layers.py", "recipe_anchors.py")
_DECIDES = ("core", "rules", "codemods", "targets.toml", "migration.py", *_RECIPES)


def fingerprint() -> str:
    """SHA-256 over the rewriting code, the release facts, the API map and the text map."""
    whole = hashlib.sha256()
    roots = [_PACKAGE / name for name in _DECIDES] + [find_data("patches/api_map"), find_data("patches/text_map")]
    for root in roots:
        files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.suffix in (".py", ".toml"))
        for path in files:
            data = path.read_bytes()
            whole.update(f"{path.relative_to(root.parent).as_posix()}\0{len(data)}\0".encode() + data)
    return whole.hexdigest()
