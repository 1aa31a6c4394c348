"""`migrate apply` as whole processes: first run, second run, and peak memory.

    python benchmarks/apply.py [RUNS]

nvidia-bert is measured where a mirror or the cache has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median


def process(arguments: list[str]) -> tuple[float, float, int]:
    """Wall seconds, peak MiB and exit code of one process."""
    start = time.perf_counter()
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - start, usage.ru_maxrss / 1024, child.returncode


def measure(name: str, runs: int) -> list[str]:
    """Table rows of one recipe; one row that says why when it cannot be had."""
    rows: dict[str, list[tuple[float, float]]] = {"first run": [], "second run": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs + 1):
            output = Path(folder) / str(number)
            command = [sys.executable, "-m", "migrator", "apply", name, "--level", "performance", "-o", str(output)]
            for row in rows.values():
                seconds, memory, code = process(command)
                if code:
                    return [f"{name:<14}exit code {code}: not to be had here"]
                row.append((seconds, memory))
    lines: list[str] = []
    for what, values in rows.items():
        seconds, memory = median(s for s, _ in values[1:]), max(m for _, m in values)
        lines.append(f"{name:<14}{what:<12}{seconds:>9.3f}{min(s for s, _ in values[1:]):>9.3f}{memory:>12.0f}")
    return lines


def main() -> None:
    """Print the table; the first run of each recipe fills file and pin caches and is not counted."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"{'recipe':<14}{'run':<12}{'median s':>9}{'min s':>9}{'peak MiB':>12}")
    for name in ("sample-bert", "nvidia-bert"):
        print("\n".join(measure(name, runs)))


if __name__ == "__main__":
    main()
