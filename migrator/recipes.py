"""Recipes: the ordered stages and layers under patches/<name>/, read from series.toml.

    [[stage]]
    name = "minimal"
    summary = "Runs on HPU."

    [[stage.layer]]
    kind = "rules"            # rules | codemod | anchors | diff | files
    name = "cuda-to-hpu"
    reason = "..."
    source = "..."
    rules = ["device-calls", "device-strings"]

docs/recipes.md describes every key. Unknown keys are errors: a misspelt condition must not widen a layer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.core.anchor_find import parse_spec
from migrator.core.findings import Kind
from migrator.core.layers import (
    Anchor,
    AnchorLayer,
    AnyLayer,
    CodemodLayer,
    DiffLayer,
    FilesLayer,
    RuleLayer,
    Stage,
    Where,
)
from migrator.core.tree import Entry, Mode, check_path
from migrator.errors import UsageError
from migrator.resources import data_root
from migrator.toml_file import read_toml

LEVELS = ("minimal", "packed", "performance")
GENERIC = "generic"
_COMMON = {"kind", "name", "reason", "source", "modes", "styles", "releases"}


@dataclass(frozen=True)
class Recipe:
    """A named series of stages; `digest` changes when any file of the recipe does."""

    name: str
    stages: tuple[Stage, ...]
    digest: str


def recipe_names() -> list[str]:
    """The recipes that ship with the package."""
    return sorted(path.parent.name for path in (data_root() / "patches").glob("*/series.toml"))


def load_recipe(name: str) -> Recipe:
    """Read a recipe. Raises `UsageError` naming file and key for anything malformed."""
    folder = data_root() / "patches" / check_path(name)
    series = folder / "series.toml"
    if not series.is_file():
        raise UsageError(f"no recipe {name!r}", hint=f"recipes: {', '.join(recipe_names())}")
    tables = read_toml(series).get("stage", [])
    stages = tuple(_stage(folder, series, table) for table in tables)
    if tuple(s.name for s in stages) != LEVELS[: len(stages)]:
        raise UsageError(f"{series}: stages must be {', '.join(LEVELS)}, in this order")
    return Recipe(name, stages, _digest(folder))


def _digest(folder: Path) -> str:
    """SHA-256 over the recipe's files, by path."""
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        data = path.read_bytes()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{len(data)}\0".encode() + data)
    return whole.hexdigest()


def _stage(folder: Path, series: Path, table: Mapping[str, Any]) -> Stage:
    _only(series, table, {"name", "summary", "layer"})
    layers = tuple(_layer(folder, series, layer) for layer in table.get("layer", []))
    names = [layer.name for layer in layers]
    if len(set(names)) != len(names):
        raise UsageError(f"{series}: two layers of stage {table.get('name')!r} have one name")
    return Stage(_text(series, table, "name"), _text(series, table, "summary"), layers)


def _layer(folder: Path, series: Path, table: Mapping[str, Any]) -> AnyLayer:
    kind = _text(series, table, "kind")
    if kind not in _READERS:
        raise UsageError(f"{series}: unknown kind of layer {kind!r}", hint=f"kinds: {', '.join(_READERS)}")
    common = {
        "name": _text(series, table, "name"),
        "reason": _text(series, table, "reason"),
        "source": _text(series, table, "source"),
        "modes": frozenset(table.get("modes", ())),
        "styles": frozenset(table.get("styles", ())),
        "releases": str(table.get("releases", "")),
    }
    return _READERS[kind](folder, series, table, common)


def _only(file: Path, table: Mapping[str, Any], keys: set[str]) -> None:
    unknown = sorted(set(table) - keys)
    if unknown:
        raise UsageError(f"{file}: unknown keys: {', '.join(unknown)}", hint=f"known here: {', '.join(sorted(keys))}")


def _text(file: Path, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{file}: {table.get('name', 'a table')!r} needs a text for {key!r}")
    return value


def _inside(folder: Path, series: Path, table: Mapping[str, Any], key: str) -> Path:
    path = folder / check_path(_text(series, table, key))
    if not path.exists():
        raise UsageError(f"{series}: {key} = {table[key]!r}: there is no such file in the recipe")
    return path


def _rules(folder: Path, series: Path, table: Mapping[str, Any], common: dict[str, Any]) -> AnyLayer:
    _only(series, table, _COMMON | {"rules", "files", "optional"})
    optional = frozenset(table.get("optional", ()))
    rules = tuple(table.get("rules", ()))
    if not rules or not optional <= set(rules):
        raise UsageError(f"{series}: layer {common['name']!r} needs `rules`, and `optional` names some of them")
    files = tuple(table.get("files", RuleLayer.files))
    return RuleLayer(**common, rules=rules, files=files, optional=optional)


def _codemod(folder: Path, series: Path, table: Mapping[str, Any], common: dict[str, Any]) -> AnyLayer:
    _only(series, table, _COMMON | {"codemod", "files", "optional"})
    files = tuple(table.get("files", CodemodLayer.files))
    codemod = _text(series, table, "codemod")
    return CodemodLayer(**common, codemod=codemod, files=files, optional=bool(table.get("optional", False)))


def _anchors(folder: Path, series: Path, table: Mapping[str, Any], common: dict[str, Any]) -> AnyLayer:
    _only(series, table, _COMMON | {"file"})
    path = _inside(folder, series, table, "file")
    anchors = tuple(_anchor(path, anchor) for anchor in read_toml(path).get("anchor", []))
    if not anchors:
        raise UsageError(f"{path}: no [[anchor]] tables")
    return AnchorLayer(**common, anchors=anchors)


def _anchor(file: Path, table: Mapping[str, Any]) -> Anchor:
    known = {"path", "symbol", "statement", "where", "text", "sha256", "reason", "source", "argument", "call", "kind"}
    _only(file, table, known)
    texts = {key: str(value) for key, value in table.items()}
    try:
        where = Where(texts.pop("where", ""))
        Kind(texts.get("kind", "modified"))
        if texts.get("statement"):
            parse_spec(texts["statement"])
    except ValueError as error:
        raise UsageError(f"{file}: anchor in {table.get('symbol', 'the module')!r}: {error}") from error
    path = check_path(_text(file, table, "path"))
    defaults = {"symbol": "", "statement": "", "text": "", "sha256": ""}
    return Anchor(**{**defaults, **texts, "path": path}, where=where)


def _diff(folder: Path, series: Path, table: Mapping[str, Any], common: dict[str, Any]) -> AnyLayer:
    _only(series, table, _COMMON | {"file"})
    return DiffLayer(**common, diff=_inside(folder, series, table, "file").read_bytes())


def _files(folder: Path, series: Path, table: Mapping[str, Any], common: dict[str, Any]) -> AnyLayer:
    _only(series, table, _COMMON | {"folder", "executable"})
    root = _inside(folder, series, table, "folder")
    executable = set(table.get("executable", ()))
    files: dict[str, Entry] = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        name = path.relative_to(root).as_posix()
        files[name] = Entry(path.read_bytes(), Mode.EXECUTABLE if name in executable else Mode.FILE)
    if not files or not executable <= set(files):
        raise UsageError(f"{series}: layer {common['name']!r}: `folder` holds no files, or not those in `executable`")
    return FilesLayer(**common, files=files)


_READERS: dict[str, Callable[[Path, Path, Mapping[str, Any], dict[str, Any]], AnyLayer]] = {
    "rules": _rules,
    "codemod": _codemod,
    "anchors": _anchors,
    "diff": _diff,
    "files": _files,
}
