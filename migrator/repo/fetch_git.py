"""Fetch one folder of one commit: the commit and its trees first, then exactly the folder's files, nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from migrator.errors import UpstreamError
from migrator.repo.cache import exclusive, install
from migrator.repo.failures import CorruptError, NotHereError
from migrator.repo.git import run_git
from migrator.repo.git_environment import local_environment, network_environment, quoted, write_config
from migrator.repo.git_urls import without_password
from migrator.repo.mirrors import mirror_advice, mirrors_of, resolve_in
from migrator.repo.pins import GitPin
from migrator.repo.retry import with_retries
from migrator.repo.settings import Progress, Settings
from migrator.repo.snapshots import Snapshot, missing_blobs, read_snapshot

_FETCH = ["fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--filter=blob:none"]
_PLAIN = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
# A partial clone has one named remote; git asks only that for objects by id (gitrepository-layout, partial-clone).
_PARTIAL = """\
[core]
	repositoryformatversion = 1
	bare = true
[extensions]
	partialClone = origin
[remote "origin"]
	url = {url}
	promisor = true
	partialclonefilter = blob:none
"""


@dataclass(frozen=True)
class Source:
    """Where a fetch goes: a mirror's folder or a URL, and how it is called in messages."""

    url: str
    local: bool

    def __str__(self) -> str:
        return f"mirror {self.url}" if self.local else without_password(self.url)


def fetch_git(pin: GitPin, settings: Settings, progress: Progress) -> Snapshot:
    """Return the pinned folder from the cache, a mirror or the network, in this order.

    Raises `NotHereError` when none of them is at hand, `UpstreamError` when those that are do not have it.
    """
    place = settings.cache / "git" / f"{pin.name}-{pin.commit[:16]}.git"
    if found := _cached(place, pin, settings, progress):
        return found
    with exclusive(place, progress) as work:
        # another process may have fetched it while this one waited for the lock
        return _cached(place, pin, settings, progress) or _fetch(place, work, pin, settings, progress)


def _cached(place: Path, pin: GitPin, settings: Settings, progress: Progress) -> Snapshot | None:
    if not place.is_dir():
        return None
    try:
        return read_snapshot(place, pin.commit, pin.subfolder, settings.environment)
    except CorruptError as error:
        progress(f"the cached copy of {pin.name} cannot be used ({error.message}); fetching it again")
        return None


def _fetch(place: Path, work: Path, pin: GitPin, settings: Settings, progress: Progress) -> Snapshot:
    reasons: list[str] = []
    for source in _sources(pin, settings):
        progress(f"fetching {pin.name} from {source}")
        try:
            repository = _attempt(work, source, pin, settings, progress)
            snapshot = read_snapshot(repository, pin.commit, pin.subfolder, settings.environment)
        except UpstreamError as error:
            reasons.append(f"{source}: {error.message}")
            continue
        install(repository, place, work)
        return snapshot
    raise _not_found(pin, settings, reasons)


def _sources(pin: GitPin, settings: Settings) -> Iterator[Source]:
    for mirror in mirrors_of(pin.url, settings):
        if resolve_in(mirror, pin.commit, settings.environment):
            yield Source(str(mirror), local=True)
    if settings.network:
        yield Source(pin.url, local=False)


def _attempt(work: Path, source: Source, pin: GitPin, settings: Settings, progress: Progress) -> Path:
    # a mirror that fails lacks something, which waiting does not mend
    patience = replace(settings, tries=1) if source.local else settings
    return with_retries(lambda: _build(work, source, pin, settings, progress), patience, progress)


def _build(work: Path, source: Source, pin: GitPin, settings: Settings, progress: Progress) -> Path:
    """Make a bare repository in `work` that holds the pinned folder; return its path."""
    repository = work / "repository"
    shutil.rmtree(repository, ignore_errors=True)
    run_git(
        ["init", "--quiet", "--bare", "--template=", str(repository)], environment=_environment(work, None, settings)
    )
    environment = _environment(work, source, settings)

    def fetch(arguments: Sequence[str], stdin: bytes = b"") -> None:
        with _partial_clone(repository, source.url):
            run_git(
                [f"--git-dir={repository}", *_FETCH, *arguments],
                environment=environment,
                stdin=stdin,
                progress=lambda line: progress(f"{pin.name}: {line}"),
                idle_seconds=settings.idle_seconds,
            )

    fetch(["--depth=1", "--", "origin", f"{pin.commit}:refs/heads/pin"])
    if names := missing_blobs(repository, pin.commit, pin.subfolder, settings.environment):
        fetch(["--stdin", "--", "origin"], "".join(f"{name}\n" for name in names).encode())
    return repository


def _environment(work: Path, source: Source | None, settings: Settings) -> dict[str, str]:
    if source is None or source.local:
        config = write_config(work / "gitconfig", settings.environment, include_user=False)
        return local_environment(settings.environment, config)
    config = write_config(work / "gitconfig", settings.environment, include_user=True)
    return network_environment(settings.environment, config)


@contextmanager
def _partial_clone(repository: Path, url: str) -> Iterator[None]:
    """Let git fetch parts of `url`, and only meanwhile: later a missing object is an error, never a request."""
    config = repository / "config"
    config.write_text(_PARTIAL.format(url=quoted(url)), "utf-8")
    yield
    config.write_text(_PLAIN, "utf-8")


def _not_found(pin: GitPin, settings: Settings, reasons: Sequence[str]) -> UpstreamError:
    what = f"{pin.name}: commit {pin.commit[:12]} of {without_password(pin.url)}"
    advice = mirror_advice(without_password(pin.url), settings)
    if not reasons:
        return NotHereError(f"{what} is neither in the cache nor in a local mirror", hint=advice)
    return UpstreamError(f"{what} could not be fetched: {'; '.join(reasons)}", hint=advice)
