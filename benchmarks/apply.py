"""`migrate apply` as whole processes: first run, second run, and peak memory.

    python benchmarks/apply.py [RUNS]

Each first run has an empty cache, so that an upstream comes from a mirror (`MIGRATE_MIRRORS`, or the mirrors in the
user's own cache) or from the network; then a run into another output, with the cache filled; then a second run, which
finds nothing to do. An upstream that cannot be had is one line that says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from migrator.recipes import load_recipe
from migrator.repo.settings import Settings

RECIPES = ("sample-bert", "nvidia-bert")
ROWS = ("first run, empty cache", "first run, cached", "second run")


class Measured(NamedTuple):
    """One process: wall seconds, peak MiB of resident memory, exit code."""

    seconds: float
    mebibytes: float
    code: int


def process(arguments: list[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a process to its end. The peak is that of the largest process in it, be it git.

    Linux counts what the starting process holds at that moment as well: start from a small one.
    """
    start = time.perf_counter()
    child = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Measured(time.perf_counter() - start, usage.ru_maxrss / 1024, child.returncode)


def environment(cache: Path) -> dict[str, str]:
    """The user's environment and mirrors, with another cache."""
    mirrors = os.pathsep.join(os.fspath(mirror) for mirror in Settings.from_environment().mirrors)
    return {**os.environ, "MIGRATE_CACHE": os.fspath(cache), "MIGRATE_MIRRORS": mirrors}


def round_of(name: str, folder: Path) -> list[Measured]:
    """One run for each of `ROWS`, in a folder of its own."""
    level = load_recipe(name).stages[-1].name
    outputs = (folder / "one", folder / "two", folder / "two")
    command = [sys.executable, "-m", "migrator", "apply", name, "--level", level, "-o"]
    return [process([*command, os.fspath(output)], environment(folder / "cache")) for output in outputs]


def measure(name: str, runs: int) -> list[str]:
    """Table rows of one recipe; one row that says why when it cannot be had."""
    rounds: list[list[Measured]] = []
    for _ in range(runs + 1):  # the first fills the system's file cache and is not counted
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(round_of(name, Path(folder)))
        if any(run.code for run in rounds[-1]):
            return [f"{name:<14}exit code {max(run.code for run in rounds[-1])}: not to be had here"]
    lines: list[str] = []
    for number, what in enumerate(ROWS):
        runs_of = [measured[number] for measured in rounds[1:]]
        seconds, peak = [run.seconds for run in runs_of], max(run.mebibytes for run in runs_of)
        lines.append(f"{name:<14}{what:<24}{median(seconds):>9.3f}{min(seconds):>9.3f}{peak:>10.0f}")
    return lines


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"{'recipe':<14}{'run':<24}{'median s':>9}{'min s':>9}{'peak MiB':>10}")
    for name in RECIPES:
        print("\n".join(measure(name, runs)))


if __name__ == "__main__":
    main()
