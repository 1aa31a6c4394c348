"""MIGRATE_HPU_COUNTS=<folder>: count from activation on, and leave the report of each process in <folder>/<pid>.json.

A process that did no work on the device leaves none. Children of a fork count for themselves, from zero; one that
ends by `os._exit` or a signal leaves none.
"""

from __future__ import annotations

import atexit
import json
import multiprocessing.util
import os
from pathlib import Path

from migrator.emulator.counting import counters

VARIABLE = "MIGRATE_HPU_COUNTS"
_folders: list[Path] = []


def install() -> None:
    """Do so if the variable is set."""
    if os.environ.get(VARIABLE) and not _folders:
        _folders.append(Path(os.environ[VARIABLE]).absolute())
        counters.start()
        atexit.register(write_report)
        os.register_at_fork(after_in_child=_start_again)
        # Children of multiprocessing end without atexit before Python 3.13.
        multiprocessing.util.register_after_fork(write_report, _write_at_end)


def _start_again() -> None:
    counters.start()


def _write_at_end(_: object) -> None:
    multiprocessing.util.Finalize(None, write_report, exitpriority=0)


def write_report() -> None:
    """Write the file, whole or not at all. Raises `OSError` where the folder cannot be written."""
    running = counters.counts()
    if running is None or not running.any_work:
        return
    folder = _folders[0]
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{os.getpid()}.json.unfinished"
    unfinished.write_text(json.dumps(counters.report(), indent=1) + "\n", encoding="utf-8")
    unfinished.replace(folder / f"{os.getpid()}.json")
