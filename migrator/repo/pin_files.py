"""Read one pin from its TOML file and refuse everything that is not exactly a pin."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import TypedDict, TypeVar

from migrator.core.target import Chip, ExecutionMode, Style
from migrator.core.tree import UnsafePathError, check_path
from migrator.repo.git_urls import is_git_url
from migrator.repo.pins import AnyPin, EmbeddedPin, Expected, ExpectedStage, GitPin, SdistPin
from migrator.repo.toml_table import Table, open_table

_ID = {"form": r"[0-9a-f]{40}", "means": "40 lower-case hexadecimal digits"}
_SHA256 = {"form": r"[0-9a-f]{64}", "means": "64 lower-case hexadecimal digits"}
_REQUIREMENT = r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)"

_Choice = TypeVar("_Choice", bound=Enum)


class _Common(TypedDict):
    name: str
    licence: str
    data_format: str
    tree: str
    expected: tuple[Expected, ...]


def read_pin(path: Path) -> AnyPin:
    """Read the pin in `path`; its name is the file's stem. Raise `UsageError` with the file and the key."""
    table = open_table(path)
    kind = table.text("kind", form="git|sdist|embedded", means="git, sdist or embedded")
    common = _common(table, path.stem)
    pin = _READERS[kind](table, common, path.parent)
    table.finish()
    return pin


def _common(table: Table, name: str) -> _Common:
    return {
        "name": name,
        "licence": table.text("licence"),
        "data_format": table.text("data_format"),
        "tree": table.text("tree", **_ID),
        "expected": tuple(_expected(entry) for entry in table.tables("expected")),
    }


def _git_pin(table: Table, common: _Common, folder: Path) -> AnyPin:
    url = table.text("url")
    if not is_git_url(url):
        table.refuse("url", f"must be a git URL, not {url!r}")
    commit = table.text("commit", form=_ID["form"], means="a full commit of 40 lower-case hexadecimal digits")
    return GitPin(**common, url=url, commit=commit, subfolder=_path(table, "subfolder", default=""))


def _sdist_pin(table: Table, common: _Common, folder: Path) -> AnyPin:
    requirement = table.text("requirement", form=_REQUIREMENT, means="name==version")
    project, _, version = requirement.partition("==")
    sha256 = table.text("sha256", **_SHA256)
    return SdistPin(**common, project=project, version=version, sha256=sha256, include=table.texts("include"))


def _embedded_pin(table: Table, common: _Common, folder: Path) -> AnyPin:
    where = folder / _path(table, "folder")
    return EmbeddedPin(**common, folder=where, executable=table.texts("executable"))


_READERS = {"git": _git_pin, "sdist": _sdist_pin, "embedded": _embedded_pin}


def _path(table: Table, key: str, default: str | None = None) -> str:
    text = table.text(key, default)
    try:
        return check_path(text) if text else text
    except UnsafePathError as error:
        table.refuse(key, f"is unsafe: {error.message}")


def _expected(entry: Table) -> Expected:
    stages = entry.table("stages")
    found = Expected(
        release=entry.text("release", form=r"\d+(\.\d+)+", means="a release such as 1.23"),
        mode=_choice(entry, "mode", ExecutionMode),
        chip=_choice(entry, "chip", Chip),
        style=_choice(entry, "style", Style),
        stages={name: _expected_stage(stages.table(name)) for name in stages.keys()},  # noqa: SIM118
    )
    entry.finish()
    return found


def _expected_stage(stage: Table) -> ExpectedStage:
    found = ExpectedStage(stage.text("tree", **_ID), stage.text("commit", **_ID))
    stage.finish()
    return found


def _choice(table: Table, key: str, kind: type[_Choice]) -> _Choice:
    names = [str(member.value) for member in kind]
    return kind(table.text(key, form="|".join(map(re.escape, names)), means=" or ".join(names)))
