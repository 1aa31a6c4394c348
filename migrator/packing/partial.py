"""The folder beside the output in which packing goes on after it was killed."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migrator import __version__
from migrator.errors import OutputError

_BOOT = Path("/proc/sys/kernel/random/boot_id")  # what a crash of the machine left in files is not relied on


class Partial:
    """What was done so far, kept only where it was done for the same request."""

    def __init__(self, output: Path) -> None:
        self.folder = output.with_name(f"{output.name}.partial")
        self.spill = self.folder / "spill"
        self.rows = self.folder / "rows"
        self._lock = self.folder / "lock"

    def keep_if_same(self, reading: Mapping[str, Any], packing: Mapping[str, Any]) -> None:
        """Forget what was done for another input or other options; what was read serves any way of packing it."""
        boot = _BOOT.read_text(encoding="ascii").strip() if _BOOT.exists() else ""
        wanted = {"made": [__version__, boot], "reading": dict(reading), "packing": dict(packing)}
        known = self.read("request.json") or {}
        if (known.get("made"), known.get("reading")) != (wanted["made"], wanted["reading"]):
            self._forget("spill", "rows", "plan.json", "wide.json", "written.json")
        elif known.get("packing") != wanted["packing"]:
            self._forget("rows", "plan.json", "written.json")
        self.write("request.json", wanted)
        self.rows.mkdir(exist_ok=True)

    def _forget(self, *names: str) -> None:
        """Without its request.json nothing is relied on, should this be killed half-way."""
        for name in ("request.json", *names):
            _remove(self.folder / name)

    def forget_spill(self) -> None:
        """Nothing has been read."""
        _remove(self.spill)

    def read(self, name: str) -> Any:
        """What `write` wrote, or None."""
        path = self.folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def write(self, name: str, value: object) -> None:
        """Keep a value, wholly or not at all."""
        aside = self.folder / f"{name}.part"
        aside.write_text(json.dumps(value), encoding="utf-8")
        aside.replace(self.folder / name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time. Raises `OutputError` where another one is at work."""
        while (lock := self._locked_file()) is None:
            pass
        try:
            yield
        finally:
            os.close(lock)

    def _locked_file(self) -> int | None:
        """None where another process, which has just ended, took the folder away meanwhile."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock), self._lock.stat()):
                return lock
        except FileNotFoundError:
            pass
        except BlockingIOError:
            os.close(lock)
            raise OutputError(
                f"{self.folder} is in use by another process", hint="wait until it has ended, or choose another output"
            ) from None
        os.close(lock)
        return None

    def discard(self) -> None:
        """All is done, or nothing of it is of use. The lock goes last, so that who gets it next finds nothing else."""
        for path in self.folder.iterdir():
            if path != self._lock:
                _remove(path)
        self._lock.unlink()
        try:
            self.folder.rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # another process is in it already
                raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
