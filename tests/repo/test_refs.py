"""`URL@REF` is resolved to a commit by a mirror or by asking the other side."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import UpstreamError
from migrator.repo.failures import NotHereError
from migrator.repo.refs import RemoteRef
from migrator.repo.upstream import obtain
from tests.repo.made_upstreams import URL, git, make_mirror, make_repository, make_settings


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    make_repository(tmp_path / "origin")
    git(tmp_path / "origin", "branch", "feature/packing")
    return tmp_path / "origin"


@pytest.mark.parametrize("ref", ["main", "feature/packing", "v1", "refs/tags/v1", "HEAD"])
@pytest.mark.parametrize("mirrored", [True, False])
def test_branches_and_tags(origin: Path, tmp_path: Path, ref: str, mirrored: bool) -> None:
    head = git(origin, "rev-parse", "HEAD")
    url = URL
    if mirrored:
        make_mirror(origin, tmp_path / "mirrors")
    else:
        url = origin.as_uri()
    found = obtain(RemoteRef(url, ref, "code"), settings=make_settings(tmp_path, network=not mirrored))
    assert (found.commit, found.tree_hash) == (head, git(origin, "rev-parse", "HEAD:code"))
    assert found.name == ("trainer" if mirrored else "origin")


def test_a_full_commit_needs_no_asking(origin: Path, tmp_path: Path) -> None:
    make_mirror(origin, tmp_path / "mirrors")
    head = git(origin, "rev-parse", "HEAD")
    assert obtain(RemoteRef(URL, head), settings=make_settings(tmp_path)).commit == head


def test_an_unknown_ref_is_named(origin: Path, tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match="no branch or tag 'absent'"):
        obtain(RemoteRef(origin.as_uri(), "absent"), settings=make_settings(tmp_path, network=True))


def test_no_mirror_and_no_network(tmp_path: Path) -> None:
    with pytest.raises(NotHereError, match="no local mirror"):
        obtain(RemoteRef(URL, "main"), settings=make_settings(tmp_path))
