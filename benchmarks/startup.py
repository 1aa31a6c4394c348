"""Start-up: `migrate --help`, against a bare interpreter, in pairs.

python benchmarks/startup.py [RUNS]
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median


def seconds(arguments: list[str]) -> float:
    """Wall time of one process."""
    start = time.perf_counter()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print medians and the paired difference."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    ways = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "migrate --help": [sys.executable, "-m", "migrator", "--help"],
        "migrate apply --help": [sys.executable, "-m", "migrator", "apply", "--help"],
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs + 1):
        for name, arguments in ways.items():
            times[name].append(seconds(arguments))
    print(f"{'process':<24}{'median s':>10}{'min s':>10}{'over bare, paired s':>22}")
    bare = times["python -c pass"][1:]
    for name, all_values in times.items():
        values = all_values[1:]  # the first fills the file cache
        over = median(v - b for v, b in zip(values, bare, strict=True))
        print(f"{name:<24}{median(values):>10.3f}{min(values):>10.3f}{over:>22.3f}")


if __name__ == "__main__":
    main()
