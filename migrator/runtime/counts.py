"""The counts of an emulated run: host reads, step marks and new graphs, one file a process.

The emulated device writes the files (migrator/emulator/counting/counts_file.py), one for every process that worked on
it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# What migrator.emulator.counting.counters.report() returns, and the number of the process as "pid".
Report = Mapping[str, Any]

_ROWS = 15  # of each table; JSON has them all
_OPERANDS = 3  # of an operator; one on lists has hundreds


def read_reports(folder: Path) -> list[Report]:
    """The reports that the processes of a run left in `folder`, in the order of their numbers."""
    files = sorted(folder.glob("*.json"), key=lambda path: int(path.stem))
    return [{"pid": int(path.stem), **json.loads(path.read_bytes())} for path in files]


def reports_as_json(reports: Sequence[Report]) -> bytes:
    """All that was counted, for programs."""
    return json.dumps({"schema": 1, "processes": reports}, indent=1).encode() + b"\n"


def report_lines(reports: Sequence[Report], cwd: Path) -> Iterator[str]:
    """All that was counted, for a person; files are named as seen from `cwd`."""
    if not reports:
        yield "counted nothing: no process of the run worked on the device and came to a normal end"
    for report in reports:
        graphs, own = report["graphs"], report.get("library_step_marks", 0)
        marks = _many(report["step_marks"], "step mark") + (f" ({own} by fused operators)" if own else "")
        yield (
            f"counted on the emulated device, process {report['pid']}: {marks}, "
            f"{_many(graphs['steps'], 'step')}, {_many(graphs['operators'], 'operator')}"
        )
        yield from _host_reads(report["host_reads"], cwd)
        yield from _new_graphs(graphs["new"], cwd)


def _host_reads(reads: Sequence[Report], cwd: Path) -> Iterator[str]:
    total = sum(read["count"] for read in reads)
    yield f"  {_many(total, 'host read')}: the host waited for the device" + (" at" if reads else "")
    rows = [(str(read["count"]), _place(read, cwd), read["kind"]) for read in reads]
    yield from _table(rows)


def _new_graphs(new: Sequence[Report], cwd: Path) -> Iterator[str]:
    yield f"  {_many(len(new), 'new graph')}: each is compiled on a real device" + (", closed at" if new else "")
    rows = [(f"step {graph['step']}", _place(graph, cwd), _difference(graph, cwd)) for graph in new]
    yield from _table(rows)


def _difference(graph: Report, cwd: Path) -> str:
    size, change = _many(graph["operators"], "operator"), graph["change"]
    if change is None:
        return f"{size}, the first here"
    before, after = (_operator(change[key]) for key in ("before", "after"))
    where = f" at {_place(change, cwd)}" if change["file"] else ""
    return f"{size}, new{where}: {after}, before: {before}"


def _operator(text: str) -> str:
    """`aten::mm(float32[4, 16])`, with the first operands of many."""
    operands = text.split("], ")
    if len(operands) <= _OPERANDS + 1:
        return text or "the end"
    return "], ".join(operands[:_OPERANDS]) + f"], ... {len(operands)} tensors)"


def _table(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    shown = rows[:_ROWS]
    first, second = (max((len(row[at]) for row in shown), default=0) for at in (0, 1))
    for row in shown:
        yield f"    {row[0]:>{first}}  {row[1]:{second}}  {row[2]}"
    if len(rows) > len(shown):
        yield f"    and {len(rows) - len(shown)} more; --json FILE has them all"


def _place(row: Report, cwd: Path) -> str:
    if not row["file"]:
        return "(a thread of autograd)"
    path = Path(row["file"])
    return f"{path.relative_to(cwd) if path.is_relative_to(cwd) else path}:{row['line']}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"
