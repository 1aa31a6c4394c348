"""Have an upstream: whatever it is pinned by, a verified tree in memory."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.core.tree import Tree, git_tree_hash
from migrator.errors import UpstreamError
from migrator.repo.embedded import read_embedded
from migrator.repo.fetch_git import fetch_git
from migrator.repo.fetch_sdist import fetch_sdist
from migrator.repo.git_urls import without_password
from migrator.repo.local import LocalFolder, read_local
from migrator.repo.pins import AnyPin, EmbeddedPin, GitPin, SdistPin
from migrator.repo.refs import RemoteRef, pin_of
from migrator.repo.settings import Progress, Settings, silent

AnySource = AnyPin | RemoteRef | LocalFolder


@dataclass(frozen=True)
class Upstream:
    """A verified upstream. `commit` is "" where it is no git commit; `origin` says for people where it comes from."""

    name: str
    tree: Tree
    tree_hash: str
    commit: str
    origin: str
    subfolder: str


def obtain(source: AnySource, *, progress: Progress = silent, settings: Settings | None = None) -> Upstream:
    """Return the upstream, from the cache where it is there and intact. None of its code is run.

    Raises `UpstreamError` (exit 3) when it cannot be had or is not what the pin says, `UsageError` for a local
    folder that cannot be read, `OutputError` when the cache cannot be written.
    """
    settings = settings or Settings.from_environment()
    if isinstance(source, LocalFolder):
        return _upstream(source.name, read_local(source, settings.environment), f"local folder {source.name}")
    pin = pin_of(source, settings, progress) if isinstance(source, RemoteRef) else source
    found = _obtain_pin(pin, settings, progress)
    if pin.tree and found.tree_hash != pin.tree:
        raise UpstreamError(f"{pin.name}: the upstream's tree is {found.tree_hash}, the pin says {pin.tree}")
    return found


def _obtain_pin(pin: AnyPin, settings: Settings, progress: Progress) -> Upstream:
    if isinstance(pin, GitPin):
        snapshot = fetch_git(pin, settings, progress)
        origin = " ".join(filter(None, [f"{without_password(pin.url)} at {pin.commit}", pin.subfolder]))
        return Upstream(pin.name, snapshot.tree, snapshot.tree_hash, pin.commit, origin, pin.subfolder)
    if isinstance(pin, SdistPin):
        origin = f"source archive {pin.project}=={pin.version}, sha256 {pin.sha256}"
        return _upstream(pin.name, fetch_sdist(pin, settings, progress), origin)
    return _embedded(pin)


def _embedded(pin: EmbeddedPin) -> Upstream:
    return _upstream(pin.name, read_embedded(pin), f"{pin.folder.name}, which comes with migrator")


def _upstream(name: str, tree: Tree, origin: str) -> Upstream:
    return Upstream(name, tree, git_tree_hash(tree), "", origin, "")
