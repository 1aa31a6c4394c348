"""How many of torch's operators and modules do on the emulated hpu device what they do on the CPU: a Markdown table.

python benchmarks/opinfo.py [MEASURE ...]   (needs torch, expecttest, numpy)

Each measure runs in a process of its own. An operator that ended it would be reported as a crash, and the measure
goes on after it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHILD = "--child"
NOT_MEASURED = "not measured"


def child(name: str, first: int) -> None:
    """Run a measure's cases from the `first` on: a line when one begins, another when it ends."""
    sys.path.insert(0, str(ROOT))
    warnings.simplefilter("ignore")
    from migrator.emulator import activate  # noqa: PLC0415 - in the child only

    activate(autocast="cpu")
    from tests.emulator.opinfo_measures import MEASURES, run  # noqa: PLC0415 - after the device is there

    for case in MEASURES[name].cases()[first:]:
        print(f"begin\t{case.name}", flush=True)
        (result,) = run([case])
        print(f"end\t{result.difference}", flush=True)


def isolated(command: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name of each case and how it differs, from processes that run `command` and the number of cases done.

    A process that ends within a case has crashed in it. Raises `RuntimeError` for one that ends with an error outside.
    """
    done = 0
    while True:
        begun = ""
        with subprocess.Popen(
            [*command, str(done)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            for line in process.stdout or ():
                kind, _, text = line.rstrip("\n").partition("\t")
                if kind == "begin":
                    begun = text
                elif kind == "end":
                    yield begun, text
                    begun, done = "", done + 1
        if begun:
            yield begun, f"crash: {_ending(process.returncode)}"
            done += 1
        elif process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {_ending(process.returncode)}")
        else:
            return


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def measure(name: str) -> dict[str, str]:
    """How each case of a measure differs from the CPU; nothing where it does not."""
    return dict(isolated([sys.executable, __file__, CHILD, name]))


def row(title: str, results: dict[str, str]) -> str:
    """A line of the table."""
    measured = [each for each in results.values() if each != NOT_MEASURED]
    passed, crashed = measured.count(""), sum(each.startswith("crash") for each in measured)
    share = 100 * passed / len(measured)
    return f"| {title} | {passed} | {len(measured)} | {share:.1f} % | {crashed} |"


def main(names: list[str]) -> None:
    """Print the table, then what is not as on the CPU."""
    sys.path.insert(0, str(ROOT))
    from tests.emulator.opinfo_measures import MEASURES  # noqa: PLC0415 - a folder that was not on the path

    different: dict[tuple[str, str], list[str]] = {}
    print("| measured | as on the CPU | of | share | crashes |\n| --- | ---: | ---: | ---: | ---: |")
    for name in names or MEASURES:
        chosen = MEASURES[name]
        results = measure(name)
        print(row(chosen.title, results), flush=True)
        reasons = chosen.exceptions | chosen.unmeasured
        for case, difference in results.items():
            if difference:
                why = NOT_MEASURED + ": " if difference == NOT_MEASURED else ""
                different.setdefault((case, why + reasons.get(case, difference)), []).append(chosen.title)
    print("\n| not as on the CPU | in | why |\n| --- | --- | --- |")
    for (case, why), titles in different.items():
        print(f"| `{case}` | {'; '.join(titles)} | {why} |")


if __name__ == "__main__":
    if CHILD in sys.argv:
        child(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1:])
