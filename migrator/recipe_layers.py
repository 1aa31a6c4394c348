"""Read the layers of a stage from a recipe's files; whatever is not exactly a layer is a `UsageError`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TypedDict

from migrator.core.layers import (
    AnchorLayer,
    AnyLayer,
    CodemodLayer,
    DiffLayer,
    FilesLayer,
    RuleLayer,
    TextsLayer,
)
from migrator.core.releases import parse_condition
from migrator.core.target import ExecutionMode, Style
from migrator.core.tree import Entry, Mode, UnsafePathError, check_path
from migrator.errors import UsageError
from migrator.recipe_anchors import read_anchors
from migrator.repo.toml_table import Table
from migrator.resources import find_data
from migrator.rules import rule_names

_LINE = {"form": r"\S.*", "means": "one line of text"}


class _Common(TypedDict):
    name: str
    reason: str
    source: str
    modes: frozenset[str]
    styles: frozenset[str]
    releases: str


def read_layer(folder: Path, table: Table) -> AnyLayer:
    """Read one `[[stage.layer]]` of the recipe in `folder`."""
    kind = table.text("kind", form="|".join(_READERS), means=f"one of {', '.join(_READERS)}")
    common: _Common = {
        "name": table.text("name", **_LINE),
        "reason": table.text("reason", **_LINE),
        "source": table.text("source", **_LINE),
        "modes": _some_of(table, "modes", ExecutionMode),
        "styles": _some_of(table, "styles", Style),
        "releases": _condition(table),
    }
    layer = _READERS[kind](folder, table, common)
    table.finish()
    return layer


def _some_of(table: Table, key: str, kind: type[Enum]) -> frozenset[str]:
    known = [str(member.value) for member in kind]
    return _checked(table, key, table.texts(key), known)


def _checked(table: Table, key: str, texts: tuple[str, ...], known: list[str] | tuple[str, ...]) -> frozenset[str]:
    if unknown := sorted(set(texts) - set(known)):
        table.refuse(key, f"names {unknown[0]!r}, which is unknown", hint=f"known here: {', '.join(known)}")
    return frozenset(texts)


def _condition(table: Table) -> str:
    text = table.text("releases", "")
    try:
        parse_condition(text)
    except UsageError as error:
        table.refuse("releases", f"is {error.message}", hint=error.hint)
    return text


def _inside(folder: Path, table: Table, key: str) -> Path:
    """The file or folder of the recipe that `key` names. Links that leave the recipe are refused as `..` is."""
    text = table.text(key)
    try:
        path = folder / check_path(text)
    except UnsafePathError as error:
        table.refuse(key, f"is unsafe: {error.message}", hint=error.hint)
    if not path.resolve().is_relative_to(folder.resolve()):
        table.refuse(key, f"is unsafe: {text!r} is a link out of the recipe", hint="copy the file into the recipe")
    return path


def _file(folder: Path, table: Table, key: str) -> Path:
    path = _inside(folder, table, key)
    if not path.is_file():
        table.refuse(key, f"is {path.relative_to(folder).as_posix()!r}, and the recipe has no such file")
    return path


def _rules(folder: Path, table: Table, common: _Common) -> AnyLayer:
    rules = table.texts("rules")
    if not rules:
        table.refuse("rules", "is missing or empty")
    _checked(table, "rules", rules, sorted(rule_names()))
    optional = _checked(table, "optional", table.texts("optional"), rules)
    files, modules = table.texts("files") or RuleLayer.files, _modules(table)
    return RuleLayer(**common, rules=rules, files=files, optional=optional, modules=modules)


def _modules(table: Table) -> dict[str, Entry]:
    """The modules of `patches/shared/` that the layer names."""
    found: dict[str, Entry] = {}
    for name in table.texts("modules"):
        path = find_data(f"patches/shared/{name}.py") if name.isidentifier() else None
        if path is None or not path.is_file():
            table.refuse("modules", f"names {name!r}, and there is no patches/shared/{name}.py")
        found[name] = Entry(path.read_bytes())
    return found


def _codemod(folder: Path, table: Table, common: _Common) -> AnyLayer:
    codemod = table.text("codemod", form=r"\w+(\.\w+)*:\w+", means="package.module:Class")
    files = table.texts("files") or CodemodLayer.files
    return CodemodLayer(**common, codemod=codemod, files=files, optional=table.flag("optional"))


def _anchors(folder: Path, table: Table, common: _Common) -> AnyLayer:
    return AnchorLayer(**common, anchors=read_anchors(_file(folder, table, "file")))


def _diff(folder: Path, table: Table, common: _Common) -> AnyLayer:
    return DiffLayer(**common, diff=_file(folder, table, "file").read_bytes())


def _files(folder: Path, table: Table, common: _Common) -> AnyLayer:
    given, modules = table.keys(), _modules(table)
    if modules and "folder" not in given:
        return FilesLayer(**common, modules=modules)
    root = _inside(folder, table, "folder")
    found = [p for p in sorted(root.rglob("*")) if p.is_file() and "__pycache__" not in p.parts]
    if links := [p for p in found if not p.resolve().is_relative_to(root.resolve())]:
        table.refuse("folder", f"holds a link out of it: {links[0].relative_to(root).as_posix()}")
    names = {path.relative_to(root).as_posix(): path for path in found}
    if not names:
        table.refuse("folder", "holds no files")
    if twice := sorted(names.keys() & {f"{name}.py" for name in modules}):
        table.refuse("folder", f"holds {twice[0]!r}, and so does modules")
    executable = _checked(table, "executable", table.texts("executable"), list(names))
    modes = {name: Mode.EXECUTABLE if name in executable else Mode.FILE for name in names}
    files = {name: Entry(path.read_bytes(), modes[name]) for name, path in names.items()}
    return FilesLayer(**common, files=files, modules=modules)


def _texts(folder: Path, table: Table, common: _Common) -> AnyLayer:
    return TextsLayer(**common, files=table.texts("files") or TextsLayer.files, optional=table.flag("optional"))


_READERS: dict[str, Callable[[Path, Table, _Common], AnyLayer]] = {
    "rules": _rules,
    "codemod": _codemod,
    "anchors": _anchors,
    "diff": _diff,
    "files": _files,
    "texts": _texts,
}
