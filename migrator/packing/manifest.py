"""What a packed folder says of itself: `manifest.json` in it, and `<folder>_metadata.json` beside it for trainers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from migrator.packing.algorithms.solve import Solved
from migrator.packing.inputs import Inputs
from migrator.packing.keys import UNPACKED_KEYS
from migrator.packing.sequences.rows import RowFormat
from migrator.packing.spill.files import SpilledShard
from migrator.packing.writing import WrittenShard

MANIFEST = "manifest.json"
QUARANTINE = "quarantine.json"


def metadata_path(folder: Path) -> Path:
    """Where trainers look for what a folder of shards holds."""
    return folder.with_name(f"{folder.name}_metadata.json")


def metadata(written: Sequence[WrittenShard], form: RowFormat) -> dict[str, Any]:
    """Counts for trainers; `avg_seq_per_sample` is the name that those of Gaudi's model references read."""
    rows, sequences = sum(shard.rows for shard in written), sum(shard.sequences for shard in written)
    return {
        "avg_seq_per_sample": sequences / rows if rows else 1.0,
        "number_of_sequences": sequences,
        "number_of_rows": rows,
        "max_sequence_length": form.row_length,
        "max_sequences_per_row": form.per_row,
        "max_predictions_per_row": form.masked_width,
    }


def manifest(
    inputs: Inputs,
    spilled: Sequence[SpilledShard],
    solved: Solved,
    form: RowFormat,
    written: Sequence[WrittenShard],
    request: Mapping[str, Any],
) -> dict[str, Any]:
    """All that tells how the folder was made and how to check it. The same work gives the same bytes: no date."""
    return {
        "format": 1,
        "made_by": "migrate pack",
        "request": dict(request),
        "input": {
            "row_length": max(shard.row_length for shard in inputs.readable),
            "max_predictions": inputs.masked_width,
            "dtypes": {key: _widest([shard.dtypes[key] for shard in inputs.readable]).str for key in UNPACKED_KEYS},
            "files": [
                {"name": path.name, "sequences": len(kept.index)}
                for path, kept in zip(inputs.paths, spilled, strict=True)
            ],
            "passed_over": [path.name for path in inputs.passed_over],
        },
        "sequences": sum(len(kept.index) for kept in spilled),
        "tokens": sum(kept.index.tokens for kept in spilled),
        "masked_tokens": sum(kept.index.masked_tokens for kept in spilled),
        "rows": sum(shard.rows for shard in written),
        "row_length": form.row_length,
        "sequences_per_row": form.per_row,
        "predictions_per_row": form.masked_width,
        "plan": {
            "algorithm": solved.algorithm.value,
            "bound": solved.bound,
            "stopped_by_clock": solved.stopped_by_clock,
            "patterns": [[list(pattern), rows] for pattern, rows in solved.plan.patterns],
        },
        "files": [
            {"name": shard.name, "rows": shard.rows, "sequences": shard.sequences, "sha256": shard.sha256}
            for shard in written
        ],
    }


def _widest(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    """The type that holds what any of these does: shards that are unpacked again all have the same."""
    found = dtypes[0] if len(set(dtypes)) == 1 else np.result_type(*dtypes)
    return found if found.kind in "iu" else np.dtype(np.int64)  # what numpy makes of int64 and uint64 is a float


def quarantine(inputs: Inputs, spilled: Sequence[SpilledShard]) -> list[dict[str, Any]]:
    """Everything that was left out, by file and row; `row` is None for a whole file."""
    found: list[dict[str, Any]] = []
    for path, kept in zip(inputs.paths, spilled, strict=True):
        if kept.unreadable:
            found.append({"file": path.name, "row": None, "what": kept.unreadable})
        found += [{"file": path.name, "row": fault.row, "what": fault.what} for fault in kept.faults]
    return found


def write_json(path: Path, value: object) -> None:
    """Aside first, so that nobody reads half of it."""
    aside = path.with_name(f"{path.name}.part")
    aside.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    aside.replace(path)
