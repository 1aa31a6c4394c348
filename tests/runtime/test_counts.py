"""How counts are shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from migrator.runtime.counts import read_reports, report_lines, reports_as_json

READS = [
    {"kind": "item", "file": "/project/train.py", "line": 41, "count": 20},
    {"kind": "copy to the CPU", "file": "/lib/log.py", "line": 7, "count": 1},
]
CHANGE = {"before": "aten::mm(float32[4, 16])", "after": "", "file": "/project/train.py", "line": 22}
GRAPHS = [
    {"file": "/project/train.py", "line": 30, "step": 1, "operators": 432, "change": None},
    {"file": "/project/train.py", "line": 30, "step": 7, "operators": 1, "change": CHANGE},
]


def report(reads: list[dict[str, Any]], graphs: list[dict[str, Any]]) -> dict[str, Any]:
    graphs_part = {"steps": 100, "operators": 4321, "unfinished_operators": 0, "new": graphs}
    return {"host_reads": reads, "step_marks": 1, "graphs": graphs_part}


def shown(folder: Path) -> list[str]:
    return list(report_lines(read_reports(folder), Path("/project")))


def test_tables(tmp_path: Path) -> None:
    (tmp_path / "12.json").write_text(json.dumps(report(READS, GRAPHS)))
    assert shown(tmp_path) == [
        "counted on the emulated device, process 12: 1 step mark, 100 steps, 4,321 operators",
        "  21 host reads: the host waited for the device at",
        "    20  train.py:41    item",
        "     1  /lib/log.py:7  copy to the CPU",
        "  2 new graphs: each is compiled on a real device, closed at",
        "    step 1  train.py:30  432 operators, the first here",
        "    step 7  train.py:30  1 operator, new at train.py:22: the end, before: aten::mm(float32[4, 16])",
    ]


def test_an_operator_on_many_tensors_shows_the_first(tmp_path: Path) -> None:
    many = f"aten::_foreach_norm.Scalar({', '.join(['float32[2, 8]'] * 40)})"
    graph = {**GRAPHS[1], "change": {**CHANGE, "after": many}}
    (tmp_path / "1.json").write_text(json.dumps(report([], [graph])))
    operands = "float32[2, 8], float32[2, 8], float32[2, 8], ... 40 tensors)"
    assert f"aten::_foreach_norm.Scalar({operands}, before: aten::mm" in shown(tmp_path)[-1]


def test_each_process_has_its_own_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for pid in (9, 100):
        (tmp_path / f"{pid}.json").write_text(json.dumps(report([], [])))
    lines = shown(tmp_path)
    assert [line.split(",")[1] for line in lines if line.startswith("counted")] == [
        " process 9: 1 step mark",
        " process 100: 1 step mark",
    ]
    assert lines[1:3] == [
        "  0 host reads: the host waited for the device",
        "  0 new graphs: each is compiled on a real device",
    ]


def test_long_tables_end_early_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(json.dumps(report(READS * 10, [])))
    assert "    and 5 more; --json FILE has them all" in shown(tmp_path)


def test_nothing_counted(tmp_path: Path) -> None:
    assert shown(tmp_path) == ["counted nothing: no process of the run worked on the device and came to a normal end"]


def test_json_has_everything(tmp_path: Path) -> None:
    (tmp_path / "12.json").write_text(json.dumps(report(READS, GRAPHS)))
    assert json.loads(reports_as_json(read_reports(tmp_path))) == {
        "schema": 1,
        "processes": [{"pid": 12, **report(READS, GRAPHS)}],
    }
