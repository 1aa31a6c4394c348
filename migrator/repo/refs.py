"""A branch, a tag or a commit of any git repository, resolved to the commit that it names now."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import UpstreamError
from migrator.repo.failures import NotHereError
from migrator.repo.git import run_git
from migrator.repo.git_environment import network_environment, write_config
from migrator.repo.git_urls import short_name, without_password
from migrator.repo.mirrors import mirror_advice, mirrors_of, resolve_in
from migrator.repo.pins import GitPin
from migrator.repo.retry import with_retries
from migrator.repo.settings import Progress, Settings

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class RemoteRef:
    """`URL@REF`, and a subfolder of it where `#subdirectory=FOLDER` follows."""

    url: str
    ref: str
    subfolder: str = ""


def pin_of(remote: RemoteRef, settings: Settings, progress: Progress) -> GitPin:
    """Return a pin to the commit that `remote` names; it has no expected hashes."""
    commit = _resolve(remote, settings, progress)
    return GitPin(short_name(remote.url), "", "", "", (), remote.url, commit, remote.subfolder)


def _resolve(remote: RemoteRef, settings: Settings, progress: Progress) -> str:
    if _COMMIT.fullmatch(remote.ref):
        return remote.ref
    for mirror in mirrors_of(remote.url, settings):
        if commit := resolve_in(mirror, remote.ref, settings.environment):
            progress(f"{remote.ref} is {commit} in the mirror {mirror}")
            return commit
    shown = without_password(remote.url)
    if not settings.network:
        raise NotHereError(f"no local mirror of {shown} has {remote.ref}", hint=mirror_advice(shown, settings))
    progress(f"asking {shown} for {remote.ref}")
    answer = with_retries(lambda: _ask(remote, settings), settings, progress)
    if commit := _choose(answer, remote.ref):
        return commit
    raise UpstreamError(f"{shown} has no branch or tag {remote.ref!r}", hint="a commit is given with all 40 digits")


def _ask(remote: RemoteRef, settings: Settings) -> dict[str, str]:
    """Full names of refs -> ids, for those that end in the asked name."""
    with tempfile.TemporaryDirectory() as folder:
        config = write_config(Path(folder) / "gitconfig", settings.environment, include_user=True)
        answer = run_git(
            ["ls-remote", "--", remote.url, remote.ref, f"{remote.ref}^{{}}"],
            environment=network_environment(settings.environment, config),
            idle_seconds=settings.idle_seconds,
        )
    rows = (line.split("\t", 1) for line in answer.decode("utf-8", "surrogateescape").splitlines())
    return {name: commit for commit, name in rows}


def _choose(refs: dict[str, str], ref: str) -> str | None:
    """The commit git itself would choose (gitrevisions(7)): the exact name, then tags (peeled), then branches."""
    names = (f"{ref}^{{}}", ref, f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}")
    return next((refs[name] for name in names if name in refs), None)
