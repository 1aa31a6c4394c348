"""Packing in processes of their own, which are killed, kept waiting or not allowed to write more.

They come from a server that has imported everything before: a process takes some hundredths of a second.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from migrator.errors import MigrateError
from tests.packing.runs import SmallBlocks, packed

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.packing.children"])

# What changes files, as Python announces it (https://docs.python.org/3/library/audit_events.html).
CHANGES = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "fcntl.flock", "shutil.rmtree"}


def started(work: Callable[..., None], *args: Any) -> BaseProcess:
    process = CONTEXT.Process(target=work, args=args)
    process.start()
    return process


def ended(process: BaseProcess) -> int:
    """The exit status; minus the signal's number where a signal ended it."""
    process.join(60)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode


def pack_until(change: int, source: Path, output: Path, options: dict[str, Any]) -> None:
    """Pack, and die at the change to files that has this number, just before it happens."""
    left = change

    def count(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if event in CHANGES and str(output) in str(args):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    packed(source, output, SmallBlocks(workers=1), **options)


def pack_slowly(seconds: float, source: Path, output: Path, options: dict[str, Any]) -> None:
    """Pack with a pause after every step of progress, so that there is time to kill it."""
    packed(source, output, SmallBlocks(), lambda phase, done, total: time.sleep(seconds), **options)


def pack_when_told(pipe: Connection, source: Path, output: Path) -> None:
    """Begin, say so, and go on when told to."""

    def wait(phase: str, done: int, total: int) -> None:
        nonlocal waited
        if not waited:
            waited = True
            pipe.send(phase)
            pipe.recv()

    waited = False
    packed(source, output, progress=wait)


def pack_with_small_files(largest: int, pipe: Connection, source: Path, output: Path) -> None:
    """Pack where no file may have more bytes than `largest`, and send what becomes of it: "" or an error's texts."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        packed(source, output)
    except MigrateError as error:
        pipe.send(f"{type(error).__name__}: {error.message} | {error.hint}")
    else:
        pipe.send("")
