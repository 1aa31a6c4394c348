"""What the TARGET of a command line means: a recipe, a folder, a git URL, or an output made before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from migrator.core.tree import UnsafePathError, check_path
from migrator.errors import UsageError
from migrator.repo.git_urls import is_git_url
from migrator.repo.known_pins import known_names, load_pin, pin_names
from migrator.repo.local import LocalFolder
from migrator.repo.refs import RemoteRef
from migrator.repo.upstream import AnySource

DEFAULT_RECIPE = "nvidia-bert"
_SUBDIRECTORY = "#subdirectory="


@dataclass(frozen=True)
class UpstreamTarget:
    """Something that can be migrated. `recipe` is None for a folder or URL of the user's."""

    source: AnySource
    recipe: str | None


@dataclass(frozen=True)
class OutputFolder:
    """A folder that `migrate apply` has written."""

    path: Path


TargetSpec = UpstreamTarget | OutputFolder


def resolve_target(text: str | None, cwd: Path, pins: Path | None = None) -> TargetSpec:
    """Say what `text` means; nothing is fetched. `pins` is the folder of the pins, by default the package's own.

    A known recipe wins over a folder of the same name (`./name` is the folder). Raises `UsageError` when `text`
    is none of what a target can be.
    """
    text = text or DEFAULT_RECIPE
    if text in pin_names(pins):
        return UpstreamTarget(load_pin(text, pins), text)
    folder = cwd / Path(text).expanduser()
    if folder.is_dir():
        return _folder(folder)
    if (remote := _remote(text)) is not None:
        return UpstreamTarget(remote, None)
    what = "is a file, not a folder" if folder.exists() else "is no recipe, no folder and no git URL"
    raise UsageError(f"{text!r} {what}", hint=known_names(text, pin_names(pins)))


def _folder(path: Path) -> TargetSpec:
    if (path / ".git" / "migrate" / "state.json").is_file():
        return OutputFolder(path)
    return UpstreamTarget(LocalFolder(path), None)


def _remote(text: str) -> RemoteRef | None:
    """Read `URL@REF[#subdirectory=FOLDER]`; None when it is no git URL at all."""
    address, _, subfolder = text.partition(_SUBDIRECTORY)
    # an `@` before the host's end names a user: the ref's comes after the first slash or colon of the path
    start = re.match(r"\w+://[^/]*/|[^/:]*:", address)
    url, at, ref = address[start.end() :].rpartition("@") if start else ("", "", "")
    if start is None or not is_git_url(address):
        return None
    if not at or not ref or ref.startswith("-"):
        raise UsageError(f"{text!r} names no version", hint="write URL@REF, with a branch, a tag or a commit")
    try:
        return RemoteRef(start.group() + url, ref, check_path(subfolder) if subfolder else "")
    except UnsafePathError as error:
        raise UsageError(f"{text!r}: {error.message}") from error
