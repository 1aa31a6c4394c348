"""What `migrate pack --check` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.commands.pack_report import columns
from migrator.console import out, visible

if TYPE_CHECKING:
    from migrator.packing.checks.check import Checked
    from migrator.packing.checks.fault_log import Found, Place


def report_checked(found: Checked, folder: Path, against: Path | None, *, as_json: bool) -> None:
    """The folder's figures, and every kind of fault."""
    if as_json:
        out(json.dumps(_checked_json(found, folder, against), indent=2))
        return
    counts = found.counts
    out(visible(f"checked: {folder}"))
    rows = [
        ("sequences", f"{counts.sequences:,}"),
        ("rows", f"{counts.rows:,} of {counts.row_length:,} tokens, in {len(counts.files):,} files"),
        ("factor", f"{counts.factor:.5f} sequences a row"),
        ("filled", f"{counts.filled:.2%} of all tokens"),
        ("a row holds", f"at most {counts.most_sequences:,} sequences, {counts.masked_width:,} masked tokens"),
    ]
    if found.compared is not None:
        rows.append(("compared", f"with {found.compared:,} sequences of {against}"))
    columns(rows)
    for fault in found.faults:
        _out_fault(fault)
    kinds = len(found.faults)
    out(f"{kinds} {'kind' if kinds == 1 else 'kinds'} of faults found" if kinds else "nothing is wrong with it")


def _out_fault(fault: Found) -> None:
    more = fault.count - len(fault.first)
    if not fault.rows:
        for place in fault.first:
            out(visible(f"fault: {place.file}: {fault.what}"))
        if more:
            out(f"       and so {more:,} files more")
        return
    out(visible(f"fault: {fault.count:,} {'time' if fault.count == 1 else 'times'}, a row {fault.what}"))
    for place in fault.first:
        out(visible(f"       {place.file} row {place.row}"))
    if more:
        out(f"       and {more:,} more")


def _checked_json(found: Checked, folder: Path, against: Path | None) -> dict[str, Any]:
    counts = {key: value for key, value in vars(found.counts).items() if key != "files"}
    return {
        "folder": str(folder),
        "against": None if against is None else str(against),
        "compared": found.compared,
        "sequences": found.counts.sequences,
        "rows": found.counts.rows,
        "factor": found.counts.factor,
        "filled": found.counts.filled,
        **counts,
        "files": {name: vars(file) for name, file in found.counts.files.items()},
        "faults": [
            {"what": f.what, "count": f.count, "first": [_place_json(p) for p in f.first]} for f in found.faults
        ],
    }


def _place_json(place: Place) -> dict[str, Any]:
    return {"file": place.file, "row": place.row}
