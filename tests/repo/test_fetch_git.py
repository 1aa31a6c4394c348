"""A pinned folder comes from a mirror: whole, verified, and nothing but it."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.core.tree import Entry, Mode
from migrator.errors import ExitCode, OutputError, UpstreamError
from migrator.repo.failures import NotHereError
from migrator.repo.upstream import obtain
from tests.repo.made_upstreams import (
    BELOW,
    FILES,
    SUBMODULE,
    git,
    make_mirror,
    make_pin,
    make_repository,
    make_settings,
    object_ids,
)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    make_repository(tmp_path / "origin")
    return tmp_path / "origin"


@pytest.fixture
def mirror(origin: Path, tmp_path: Path) -> Path:
    return make_mirror(origin, tmp_path / "mirrors")


def _cached(tmp_path: Path) -> Path:
    (place,) = (tmp_path / "cache" / "git").glob("*.git")
    return place


@pytest.mark.usefixtures("mirror")
def test_files_modes_links_and_submodules_come_as_they_are(origin: Path, tmp_path: Path) -> None:
    pin = make_pin(origin)
    found = obtain(pin, settings=make_settings(tmp_path))
    assert found.tree == {
        "train.py": Entry(FILES["code/train.py"].encode(), Mode.EXECUTABLE),
        "lib/model.py": Entry(FILES["code/lib/model.py"].encode()),
        "windows.bat": Entry(b"rem\r\n"),
        "newest": Entry(b"lib/model.py", Mode.LINK),
        "vendored": Entry(SUBMODULE.encode(), Mode.GITLINK),
    }
    assert (found.tree_hash, found.commit, found.subfolder) == (pin.tree, pin.commit, "code")


@pytest.mark.usefixtures("mirror")
def test_the_whole_repository_can_be_pinned(origin: Path, tmp_path: Path) -> None:
    pin = make_pin(origin, subfolder="", tree=git(origin, "rev-parse", "HEAD^{tree}"))
    assert set(FILES) <= set(obtain(pin, settings=make_settings(tmp_path)).tree)


@pytest.mark.usefixtures("mirror")
def test_files_outside_of_the_subfolder_are_not_fetched(origin: Path, tmp_path: Path) -> None:
    obtain(make_pin(origin), settings=make_settings(tmp_path))
    held = object_ids(_cached(tmp_path))
    outside = {git(origin, "rev-parse", f"HEAD:{path}") for path in ("README.md", "other/weights.txt")}
    # one commit, the trees of /, code, code/lib and other, and the four files of code (model.py, newest, ...)
    assert not held & outside
    assert len(held) == 1 + 4 + 4


def test_a_mirror_may_lack_files_outside_of_the_subfolder(origin: Path, mirror: Path, tmp_path: Path) -> None:
    _remove_object(mirror, git(origin, "rev-parse", "HEAD:other/weights.txt"))
    assert len(obtain(make_pin(origin), settings=make_settings(tmp_path)).tree) == 5


def test_a_mirror_that_lacks_a_needed_file_is_an_upstream_failure(origin: Path, mirror: Path, tmp_path: Path) -> None:
    _remove_object(mirror, git(origin, "rev-parse", "HEAD:code/train.py"))
    with pytest.raises(UpstreamError, match="could not be fetched: mirror"):
        obtain(make_pin(origin), settings=make_settings(tmp_path))
    assert not list((tmp_path / "cache" / "git").glob("*.git"))


def test_the_next_mirror_is_asked_when_the_first_lacks_something(origin: Path, mirror: Path, tmp_path: Path) -> None:
    make_mirror(origin, tmp_path / "second")
    _remove_object(mirror, git(origin, "rev-parse", "HEAD:code/train.py"))
    settings = replace(make_settings(tmp_path), mirrors=(tmp_path / "mirrors", tmp_path / "second"))
    assert len(obtain(make_pin(origin), settings=settings).tree) == 5


def test_what_is_cached_needs_neither_mirror_nor_network(origin: Path, mirror: Path, tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    first = obtain(make_pin(origin), settings=settings)
    mirror.rename(tmp_path / "gone")
    started = time.perf_counter()
    assert obtain(make_pin(origin), settings=settings) == first
    assert time.perf_counter() - started < 0.3


def test_a_commit_that_no_mirror_has_says_what_to_do(origin: Path, mirror: Path, tmp_path: Path) -> None:
    with pytest.raises(NotHereError) as caught:
        obtain(make_pin(origin, commit="2" * 40), settings=make_settings(tmp_path))
    assert caught.value.exit_code == ExitCode.UPSTREAM
    assert "222222222222" in caught.value.message
    assert "\n" not in caught.value.hint
    clone = f"git clone --mirror https://example.invalid/owner/trainer {tmp_path}/cache/mirrors/{BELOW}"
    assert clone in caught.value.hint
    assert "MIGRATE_MIRRORS" in caught.value.hint


@pytest.mark.usefixtures("mirror")
def test_a_tree_that_is_not_what_the_pin_says_is_refused(origin: Path, tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match=f"the pin says {'3' * 40}"):
        obtain(make_pin(origin, tree="3" * 40), settings=make_settings(tmp_path))


@pytest.mark.usefixtures("mirror")
def test_a_subfolder_that_the_commit_lacks_is_named(origin: Path, tmp_path: Path) -> None:
    pin = replace(make_pin(origin), subfolder="code/absent")
    with pytest.raises(UpstreamError, match="no folder 'code/absent'"):
        obtain(pin, settings=make_settings(tmp_path))


@pytest.mark.parametrize("damage", ["truncated", "flipped", "removed"])
def test_a_damaged_cache_is_noticed_and_fetched_again(origin: Path, mirror: Path, tmp_path: Path, damage: str) -> None:
    settings = make_settings(tmp_path)
    first = obtain(make_pin(origin), settings=settings)
    for pack in _cached(tmp_path).glob("objects/pack/*.pack"):
        data = pack.read_bytes()
        pack.chmod(0o644)
        damaged = {"truncated": data[: len(data) // 2], "flipped": data[:20] + bytes(b ^ 255 for b in data[20:])}
        pack.unlink() if damage == "removed" else pack.write_bytes(damaged[damage])
    said: list[str] = []
    assert obtain(make_pin(origin), settings=settings, progress=said.append) == first
    assert "fetching it again" in said[0]
    # and it is whole again
    mirror.rename(tmp_path / "gone")
    assert obtain(make_pin(origin), settings=settings) == first


@pytest.mark.usefixtures("mirror")
def test_progress_counts_objects(origin: Path, tmp_path: Path) -> None:
    said: list[str] = []
    obtain(make_pin(origin), settings=make_settings(tmp_path), progress=said.append)
    assert said[0].startswith("fetching trainer from mirror")
    assert any(line.startswith("trainer: receiving objects 4/4") for line in said)


@pytest.mark.usefixtures("mirror")
def test_nothing_but_the_repository_and_its_lock_stays_behind(origin: Path, tmp_path: Path) -> None:
    obtain(make_pin(origin), settings=make_settings(tmp_path))
    place = _cached(tmp_path)
    assert {entry.name for entry in place.parent.iterdir()} == {place.name, f".{place.name}.lock"}
    assert "url" not in (place / "config").read_text()


@pytest.mark.usefixtures("mirror")
def test_a_cache_that_cannot_be_written_is_an_output_error(origin: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(OutputError) as caught:
        obtain(make_pin(origin), settings=make_settings(tmp_path))
    assert "MIGRATE_CACHE" in caught.value.hint


def test_no_filter_and_no_hook_of_the_upstream_runs(origin: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (origin / "code" / ".gitattributes").write_text("* filter=evil\n")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "-m", "attributes")
    mirror = make_mirror(origin, tmp_path / "mirrors")
    git(mirror, "config", "filter.evil.smudge", f"touch {ran}")
    for hook in ("post-checkout", "reference-transaction", "post-update"):
        (mirror / "hooks" / hook).parent.mkdir(exist_ok=True)
        (mirror / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (mirror / "hooks" / hook).chmod(0o755)
    assert ".gitattributes" in obtain(make_pin(origin), settings=make_settings(tmp_path)).tree
    assert not ran.exists()


def _remove_object(repository: Path, name: str) -> None:
    """Take one object out of a repository: unpack it, and delete the file."""
    for pack in (repository / "objects" / "pack").glob("*.pack"):
        aside = repository / pack.name
        pack.rename(aside)
        for other in (repository / "objects" / "pack").glob(f"{pack.stem}.*"):
            other.unlink()
        command = ["git", "-C", str(repository), "unpack-objects", "-q"]
        subprocess.run(command, input=aside.read_bytes(), check=True)
    (repository / "objects" / name[:2] / name[2:]).unlink()
