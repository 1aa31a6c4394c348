"""A source archive comes from a package index: verified first, unpacked with suspicion, never run."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.core.tree import Entry, Mode, git_tree_hash
from migrator.errors import UpstreamError, UsageError
from migrator.repo.failures import NotHereError
from migrator.repo.pins import SdistPin
from migrator.repo.settings import Settings
from migrator.repo.upstream import obtain
from tests.repo.http_servers import Served, files_over_http
from tests.repo.made_upstreams import make_settings

TOP = "train_er-1.0"
NAME = f"{TOP}.tar.gz"
TREE = {
    "run.py": Entry(b"print(1)\n", Mode.EXECUTABLE),
    "src/model.py": Entry(b"model = 1\n"),
    "src/newest": Entry(b"model.py", Mode.LINK),
    "setup.py": Entry(b"raise SystemExit('setup.py was run')\n"),
}


def _archive(entries: dict[str, Entry], *, extra: tuple[tarfile.TarInfo, ...] = (), top: str = TOP) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, entry in entries.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            if entry.mode is Mode.LINK:
                member.type, member.linkname = tarfile.SYMTYPE, entry.data.decode()
                archive.addfile(member)
            else:
                member.size, member.mode = len(entry.data), int(entry.mode.value[-3:], 8)
                archive.addfile(member, io.BytesIO(entry.data))
        for member in extra:
            archive.addfile(member)
    return out.getvalue()


def _pin(archive: bytes, *include: str) -> SdistPin:
    return SdistPin(
        "trainer", "MIT", "README.md", "", (), "Train.er", "1.0", hashlib.sha256(archive).hexdigest(), include
    )


def _html(name: str) -> tuple[str, bytes]:
    page = f'<!DOCTYPE html><a href="other-1.0.tar.gz">x</a><a href="../../files/{name}#sha256=00">{name}</a>'
    return "text/html", page.encode()


def _json(name: str) -> tuple[str, bytes]:
    page = {"meta": {"api-version": "1.0"}, "files": [{"filename": name, "url": f"/files/{name}", "hashes": {}}]}
    return "application/vnd.pypi.simple.v1+json", json.dumps(page).encode()


Serve = Callable[..., tuple[Served, Settings]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """serve(archive, page=...) -> the running index and settings that use it."""
    opened = []

    def serve(archive: bytes, page: tuple[str, bytes] | None = None) -> tuple[Served, Settings]:
        pages = {"/simple/train-er/": page or _html(NAME), f"/files/{NAME}": ("application/gzip", archive)}
        context = files_over_http(pages)
        opened.append(context)
        served = context.__enter__()
        return served, _with_index(make_settings(tmp_path, network=True), f"{served.url}/simple")

    yield serve
    for context in opened:
        context.__exit__(None, None, None)


def _with_index(settings: Settings, index: str) -> Settings:
    variables = {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull}
    return replace(settings, environment={**settings.environment, **variables})


@pytest.mark.parametrize("page", [_html(NAME), _json(NAME)], ids=["html", "json"])
def test_the_archive_is_found_verified_and_read(serve: Serve, page: tuple[str, bytes]) -> None:
    archive = _archive(TREE)
    _, settings = serve(archive, page)
    found = obtain(_pin(archive), settings=settings)
    assert found.tree == TREE
    assert (found.tree_hash, found.commit) == (git_tree_hash(TREE), "")


def test_only_what_the_pin_includes_is_taken(serve: Serve) -> None:
    archive = _archive(TREE)
    _, settings = serve(archive)
    assert set(obtain(_pin(archive, "run.py", "src/**"), settings=settings).tree) == {
        "run.py",
        "src/model.py",
        "src/newest",
    }


def test_an_include_that_matches_nothing_is_refused(serve: Serve) -> None:
    archive = _archive(TREE)
    _, settings = serve(archive)
    with pytest.raises(UpstreamError, match="matches the pin's include"):
        obtain(_pin(archive, "absent/**"), settings=settings)


def test_what_is_cached_needs_no_index(serve: Serve) -> None:
    archive = _archive(TREE)
    served, settings = serve(archive)
    first = obtain(_pin(archive), settings=settings)
    asked = len(served.requests)
    assert obtain(_pin(archive), settings=replace(settings, network=False)) == first
    assert len(served.requests) == asked


def test_a_damaged_cache_is_fetched_again(serve: Serve) -> None:
    archive = _archive(TREE)
    _, settings = serve(archive)
    first = obtain(_pin(archive), settings=settings)
    (place,) = (settings.cache / "sdist").glob("*.tar.gz")
    place.write_bytes(archive[:-9])
    assert obtain(_pin(archive), settings=settings) == first
    assert place.read_bytes() == archive


def test_another_archive_than_the_pinned_one_is_refused(serve: Serve) -> None:
    _, settings = serve(_archive({"run.py": Entry(b"evil\n")}))
    with pytest.raises(UpstreamError, match=r"has sha256 \w+, the pin says"):
        obtain(_pin(_archive(TREE)), settings=settings)
    assert list((settings.cache / "sdist").glob("*.tar.gz")) == []


def test_an_archive_that_was_cut_off_is_tried_again(serve: Serve) -> None:
    archive = _archive(TREE)
    served, settings = serve(archive)
    served.answers = ["200", "cut", "503"]
    pauses: list[float] = []
    said: list[str] = []
    found = obtain(_pin(archive), settings=replace(settings, sleep=pauses.append), progress=said.append)
    assert found.tree == TREE
    assert pauses == [1.0, 2.0]
    assert any("was cut off after" in line for line in said)


def test_an_archive_that_is_always_cut_off_is_an_upstream_failure(serve: Serve) -> None:
    archive = _archive(TREE)
    served, settings = serve(archive)
    served.answers = ["200", "cut", "cut", "cut"]
    with pytest.raises(UpstreamError, match="was cut off after"):
        obtain(_pin(archive), settings=settings)
    assert len(served.requests) == 4


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (_member(f"{TOP}/../../evil.py"), "leaves the tree"),
        (_member("/etc/evil.py"), "leaves the tree"),
        (_member(f"{TOP}/.git/hooks/pre-commit"), "leaves the tree"),
        (_member(f"{TOP}/out", tarfile.SYMTYPE, "../../etc"), "points out of the tree"),
        (_member(f"{TOP}/hard", tarfile.LNKTYPE, f"{TOP}/run.py"), "neither a file nor a symbolic link"),
        (_member(f"{TOP}/pipe", tarfile.FIFOTYPE), "neither a file nor a symbolic link"),
        (_member("second-top/evil.py"), "more than its one top folder"),
        (_member(f"{TOP}/run.py"), "twice"),
    ],
    ids=lambda value: value.name if isinstance(value, tarfile.TarInfo) else "",
)
def test_a_member_that_does_not_belong_is_refused(serve: Serve, member: tarfile.TarInfo, reason: str) -> None:
    archive = _archive(TREE, extra=(member,))
    _, settings = serve(archive)
    with pytest.raises(UpstreamError, match=reason):
        obtain(_pin(archive), settings=settings)


def test_an_archive_of_unreasonable_size_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.repo.archive._MOST_FILE", 4)
    archive = _archive(TREE)
    _, settings = serve(archive)
    with pytest.raises(UpstreamError, match="larger than is reasonable"):
        obtain(_pin(archive), settings=settings)


def test_a_file_that_is_no_archive_is_an_upstream_failure(serve: Serve) -> None:
    _, settings = serve(b"not a tar file")
    with pytest.raises(UpstreamError, match="cannot be unpacked"):
        obtain(_pin(b"not a tar file"), settings=settings)


def test_an_index_in_a_folder_works_without_network(tmp_path: Path) -> None:
    archive = _archive(TREE)
    page = tmp_path / "simple" / "train-er" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_bytes(_html(NAME)[1])
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / NAME).write_bytes(archive)
    settings = _with_index(make_settings(tmp_path), (tmp_path / "simple").as_uri())
    assert obtain(_pin(archive), settings=settings).tree == TREE


def test_the_extra_index_is_asked_when_the_first_has_none(serve: Serve, tmp_path: Path) -> None:
    archive = _archive(TREE)
    served, settings = serve(archive)
    indexes = {"PIP_INDEX_URL": f"{served.url}/empty", "PIP_EXTRA_INDEX_URL": f"{served.url}/simple"}
    settings = replace(settings, environment={**settings.environment, **indexes})
    assert obtain(_pin(archive), settings=settings).tree == TREE
    assert served.requests[0] == "/empty/train-er/"


def test_the_login_of_the_index_is_sent_to_it_and_never_shown(serve: Serve) -> None:
    archive = _archive(TREE)
    served, settings = serve(archive)
    said: list[str] = []
    settings = _with_index(settings, served.url.replace("//", "//me:secret@") + "/simple")
    assert obtain(_pin(archive), settings=settings, progress=said.append).tree == TREE
    assert served.logins == ["Basic bWU6c2VjcmV0"] * 2
    assert "secret" not in " ".join(said)


def test_certificates_that_are_not_there_are_named(serve: Serve) -> None:
    archive = _archive(TREE)
    _, settings = serve(archive)
    settings = replace(settings, environment={**settings.environment, "PIP_CERT": "/absent.pem"})
    with pytest.raises(UsageError, match=r"PIP_CERT=/absent\.pem"):
        obtain(_pin(archive), settings=settings)


def test_a_local_index_that_lacks_it_is_not_a_failure_but_an_absence(tmp_path: Path) -> None:
    (tmp_path / "simple" / "train-er").mkdir(parents=True)
    settings = _with_index(make_settings(tmp_path), (tmp_path / "simple").as_uri())
    with pytest.raises(NotHereError, match=r"No such file"):
        obtain(_pin(b""), settings=settings)
    (tmp_path / "simple" / "train-er" / "index.html").write_bytes(_html("train_er-0.9.tar.gz")[1])
    with pytest.raises(NotHereError, match=r"has no source archive of Train\.er==1\.0"):
        obtain(_pin(b""), settings=settings)


def test_nothing_here_and_no_network_says_what_to_do(tmp_path: Path) -> None:
    settings = _with_index(make_settings(tmp_path), "https://example.invalid/simple")
    with pytest.raises(NotHereError, match=r"Train\.er==1\.0 is neither in the cache") as caught:
        obtain(_pin(b""), settings=settings)
    assert "PIP_INDEX_URL" in caught.value.hint
