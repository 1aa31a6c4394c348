"""MIGRATE_HPU_COUNTS: what each process of a run did is left in a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import migrator.emulator as e
e.activate()
import torch, multiprocessing, os

def work(reads):
    for _ in range(reads):
        torch.ones(2, device="hpu").sum().item()

if __name__ == "__main__":
    {main}
"""
CHILD = "p = multiprocessing.get_context({how!r}).Process(target=work, args=(2,)); p.start(); p.join()"


def reports(folder: Path, main: str, status: int = 0) -> list[dict[str, Any]]:
    """Those of a program's processes, fewest reads first."""
    program = folder / "program.py"
    program.write_text(PROGRAM.format(main=main))
    counts = folder / "counts" / "of this run"
    done = subprocess.run(
        [sys.executable, program],
        env={**os.environ, "MIGRATE_HPU_COUNTS": str(counts), "PT_HPU_LAZY_MODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")
    assert {path.suffix for path in counts.glob("*")} <= {".json"}
    found = [json.loads(path.read_text()) for path in counts.glob("*.json")]
    return sorted(found, key=lambda report: sum(each["count"] for each in report["host_reads"]))


def test_a_process_leaves_its_report(tmp_path: Path) -> None:
    (report,) = reports(tmp_path, "work(3)")

    (read,) = report["host_reads"]
    assert read == {"kind": "item", "file": str(tmp_path / "program.py"), "line": 8, "count": 3}
    assert report["graphs"]["unfinished_operators"] == 9


def test_a_process_without_work_on_the_device_leaves_none(tmp_path: Path) -> None:
    assert reports(tmp_path, "torch.ones(2).sum().item()") == []


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_children_count_for_themselves(tmp_path: Path, how: str) -> None:
    child, parent = reports(tmp_path, f"work(1); {CHILD.format(how=how)}; work(4)")

    assert [each["host_reads"][0]["count"] for each in (child, parent)] == [2, 5]


def test_a_program_that_fails_leaves_its_report(tmp_path: Path) -> None:
    (report,) = reports(tmp_path, "work(1); raise SystemExit(3)", status=3)

    assert [each["count"] for each in report["host_reads"]] == [1]
