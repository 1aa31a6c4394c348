"""Local mirrors of git repositories, made with `git clone --mirror`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from migrator.errors import UpstreamError
from migrator.repo.git import run_git
from migrator.repo.git_environment import local_environment
from migrator.repo.git_urls import mirror_path
from migrator.repo.settings import Settings


def mirrors_of(url: str, settings: Settings) -> list[Path]:
    """The mirrors of `url` that exist, in the order in which they are to be asked."""
    below = mirror_path(url)
    if below is None:
        return []
    places = dict.fromkeys((folder / below).absolute() for folder in settings.mirrors)
    return [place for place in places if (place / "objects").is_dir()]


def mirror_advice(url: str, settings: Settings) -> str:
    """One line that says how to have `url` at hand."""
    below = mirror_path(url)
    if below is None:
        return "check the address and the network"
    return (
        f"go online, or run `git clone --mirror {url} {settings.cache / 'mirrors' / below}` where there is a network, "
        f"or set MIGRATE_MIRRORS to a folder that holds {below}"
    )


def resolve_in(repository: Path, name: str, environment: Mapping[str, str]) -> str | None:
    """Return the commit that `name` (a branch, a tag, a commit) stands for in `repository`, or None."""
    arguments = [
        f"--git-dir={repository}",
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{name}^{{commit}}",
    ]
    try:
        return run_git(arguments, environment=local_environment(environment)).decode().strip()
    except UpstreamError:
        return None
