"""Trainers of a test's own, on a machine that has Gaudi's software as far as `migrate run --device hpu` can tell."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.scenarios.running import Done, Migrate

_SECONDS = 60.0  # what no wait here comes near, however slow the machine


class Trainers:
    """A folder to write trainers to and to run them in."""

    def __init__(self, migrate: Migrate, folder: Path) -> None:
        self.folder = folder
        self._software = folder / "software"
        (self._software / "habana_frameworks").mkdir(parents=True)
        path = os.pathsep.join(filter(None, [str(self._software), os.environ.get("PYTHONPATH")]))
        self.migrate = migrate.with_variables(PYTHONPATH=path)

    def write(self, text: str, name: str = "train.py") -> Path:
        """Write a script, indented as the test is."""
        path = self.folder / name
        path.write_text(textwrap.dedent(text))
        return path

    def run(self, *words: str) -> Done:
        """`migrate run --device hpu WORDS` to its end."""
        return self.migrate(self.folder, "run", "--device", "hpu", *words)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """The same, in a session of its own, without waiting."""
        return self.migrate.start(self.folder, "run", "--device", "hpu", *words)

    def command(self, *words: str) -> list[str]:
        """The same, as a command line."""
        return [sys.executable, "-m", "migrator", "run", "--device", "hpu", *words]

    def noted(self, name: str) -> int:
        """The number of a process, which it wrote to a file of this name when it was ready."""
        path = self.folder / name
        wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
        return int(path.read_text())


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for something that is to happen soon."""
    end = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Whether the process runs: a dead one that nobody has waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# A trainer's first lines: `note(name)` says that this process is ready, `spawn(name)` starts another that says so.
PRELUDE = """
import os, signal, subprocess, sys, time

def note(name):
    with open(name + ".new", "w") as file:
        print(os.getpid(), file=file)
    os.rename(name + ".new", name)

def waiting(name, before=""):
    return f'''import os, signal, time
{before}
with open("{name}.new", "w") as file:
    print(os.getpid(), file=file)
os.rename("{name}.new", "{name}")
time.sleep(600)
'''

def spawn(name, before="", **how):
    return subprocess.Popen([sys.executable, "-c", waiting(name, before)], **how)
"""
