"""A full disk, or a limit on file sizes: exit code 2, finished stages stay, and the next run continues."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.running import Done, Migrate, commits, sane


def limit(size: int) -> None:
    """Let the process and its children write no file of more than `size` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def refused(done: Done, place: Path, said: tuple[str, ...]) -> None:
    assert (done.code, done.out) == (2, ""), done.err
    assert str(place) in done.err
    assert any(text in done.err for text in said), done.err
    assert done.err.splitlines()[-1].startswith("  "), done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("size", [0, 1000, 20_000])
def test_a_limit_on_the_size_of_files(
    migrate: Migrate, tmp_path: Path, levels: tuple[str, ...], sample_made: Path, size: int
) -> None:
    arguments = ("apply", "sample-bert", "--level", levels[-1], "-o", "out")
    done = migrate(tmp_path, *arguments, preexec_fn=lambda: limit(size))
    refused(done, tmp_path / "out", ("File too large", "signal 25"))
    assert "ulimit -f" in done.err or "remove the cause" in done.err
    assert migrate(tmp_path, *arguments).code == 0
    assert commits(tmp_path / "out") == commits(sample_made)
    sane(tmp_path / "out")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that holds 1 MiB; skipped where none can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=1m", "migrate-test", str(place)]
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None or subprocess.run([mount, *options], check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("free", [0, 8, 40, 120, 200])
def test_a_full_disk(migrate: Migrate, small_disk: Path, levels: tuple[str, ...], sample_made: Path, free: int) -> None:
    arguments = ("apply", "sample-bert", "--level", levels[-1], "-o", "out")
    size = os.statvfs(small_disk)
    (small_disk / "fill").write_bytes(bytes(size.f_bavail * size.f_frsize - free * 1024))
    refused(migrate(small_disk, *arguments), small_disk / "out", ("free some space and run again",))
    (small_disk / "fill").unlink()
    done = migrate(small_disk, *arguments)
    assert done.code == 0, done.err
    assert commits(small_disk / "out") == commits(sample_made)
    sane(small_disk / "out")
