"""Make something in the cache wholly or not at all, one process at a time."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from migrator.errors import OutputError
from migrator.repo.settings import Progress


@contextmanager
def exclusive(place: Path, progress: Progress) -> Iterator[Path]:
    """Hold the lock of `place` and yield an empty folder beside it, which is gone afterwards.

    What dead processes left is removed first: while the lock is held, no other such folder is anyone's. An
    `OSError` within the block means a cache that cannot be written, and becomes an `OutputError`.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with (place.parent / f".{place.name}.lock").open("a") as lock:
            _wait_for(lock, place, progress)
            _remove_stale(place)
            work = Path(tempfile.mkdtemp(prefix=_work_prefix(place), dir=place.parent))
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"cannot write to the cache {place.parent}: {error.strerror}",
            hint="set MIGRATE_CACHE to a folder that can be written and has room",
        ) from error


def install(built: Path, place: Path, work: Path) -> None:
    """Put what was built in `work` at `place`; what was there goes away with `work`."""
    if place.exists():
        place.rename(work / "replaced")
    built.rename(place)


def _work_prefix(place: Path) -> str:
    return f".{place.name}.work-"


def _wait_for(lock: IO[str], place: Path, progress: Progress) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress(f"waiting for another process that fetches {place.name}")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _remove_stale(place: Path) -> None:
    for folder in place.parent.iterdir():
        if folder.name.startswith(_work_prefix(place)):
            shutil.rmtree(folder, ignore_errors=True)
