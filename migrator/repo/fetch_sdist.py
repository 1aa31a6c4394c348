"""Fetch a source archive from the package indexes that pip uses, and read it without running any of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from migrator.core.globs import ALL, selected
from migrator.core.tree import Tree
from migrator.errors import UpstreamError
from migrator.repo.archive import read_archive
from migrator.repo.cache import exclusive, install
from migrator.repo.download import download, with_login_of
from migrator.repo.failures import NotHereError
from migrator.repo.git_urls import without_password
from migrator.repo.index import find_sdist, normalised
from migrator.repo.index_settings import index_urls
from migrator.repo.pins import SdistPin
from migrator.repo.retry import with_retries
from migrator.repo.settings import Progress, Settings

_MOST_BYTES = 512 << 20
_ADVICE = "go online, or point PIP_INDEX_URL or PIP_EXTRA_INDEX_URL to an index that has it (file:// works too)"


def fetch_sdist(pin: SdistPin, settings: Settings, progress: Progress) -> Tree:
    """Return the pinned files from the cache or an index; their archive's checksum is verified first, every time."""
    name = f"{normalised(pin.project)}-{pin.version}-{pin.sha256[:16]}.tar.gz"
    place = settings.cache / "sdist" / name
    if not _intact(place, pin):
        with exclusive(place, progress) as work:
            if not _intact(place, pin):
                install(_fetch(work, pin, settings, progress), place, work)
    tree = read_archive(place, lambda path: selected(path, pin.include or ALL))
    if not tree:
        raise UpstreamError(f"{pin.name}: nothing in {pin.project}=={pin.version} matches the pin's include")
    return tree


def _intact(place: Path, pin: SdistPin) -> bool:
    return place.is_file() and _sha256(place) == pin.sha256


def _fetch(work: Path, pin: SdistPin, settings: Settings, progress: Progress) -> Path:
    """Download the archive into `work` from the first index that has it as pinned."""
    failures: list[UpstreamError] = []
    for index in index_urls(settings.environment):
        if not settings.network and not index.startswith("file:"):
            continue
        try:
            return _from_index(index, work / "archive.tar.gz", pin, settings, progress)
        except UpstreamError as error:
            failures.append(error)
    what = f"{pin.name}: {pin.project}=={pin.version}"
    reasons = "".join(f"; {failure.message}" for failure in failures)
    if all(isinstance(failure, NotHereError) for failure in failures):
        raise NotHereError(f"{what} is neither in the cache nor on an index that was asked{reasons}", hint=_ADVICE)
    raise UpstreamError(f"{what} could not be fetched{reasons}", hint=_ADVICE)


def _from_index(index: str, archive: Path, pin: SdistPin, settings: Settings, progress: Progress) -> Path:
    shown = without_password(index)
    progress(f"looking for {pin.project}=={pin.version} on {shown}")
    patience = replace(settings, tries=1) if index.startswith("file:") else settings
    link = with_retries(lambda: find_sdist(index, pin.project, pin.version, settings), patience, progress)
    if link is None:
        raise NotHereError(f"{shown} has no source archive of {pin.project}=={pin.version}")
    url = with_login_of(index, link.url)
    with_retries(lambda: _download(url, archive, settings, progress), patience, progress)
    found = _sha256(archive)
    if found != pin.sha256:
        raise UpstreamError(f"{link.filename} on {shown} has sha256 {found}, the pin says {pin.sha256}")
    return archive


def _download(url: str, archive: Path, settings: Settings, progress: Progress) -> None:
    with archive.open("wb") as into:
        download(url, into, _MOST_BYTES, settings, progress)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
