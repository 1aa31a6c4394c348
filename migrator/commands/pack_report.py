"""What `migrate pack` and `migrate unpack` say when they are done."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.console import out, visible

if TYPE_CHECKING:
    from migrator.packing.finished import Packed
    from migrator.packing.unpacking.unpack import Unpacked


def report_packed(done: Packed, output: Path, *, as_json: bool) -> None:
    """The figures of a packed folder, and where everything lies."""
    from migrator.packing.manifest import metadata_path  # noqa: PLC0415

    named = Path(os.path.normpath(output))  # pathlib keeps "out/../here", which has another name than it seems
    metadata = str(metadata_path(named if named.name not in ("", "..") else output.resolve()))
    facts = done.manifest
    if as_json:
        plan = {key: value for key, value in facts["plan"].items() if key != "patterns"}
        own = {"output": str(output), "metadata": metadata, "changed": done.fresh, "seconds": done.seconds}
        out(json.dumps({**facts, "plan": plan, **own, "left_out": done.left_out}, indent=2))
        return
    out(visible(f"packed: {output}"))
    columns([*_size(facts), *_time(done), *_places(done, output, metadata)])
    if done.fresh and not _is_compiled():
        out("note: no C compiler was there when migrate was installed, so numpy put the rows together: it takes longer")
    if facts["plan"]["stopped_by_clock"]:
        out("note: the time limit ended the planning; another machine may find another plan, and write other bytes")
    if not done.fresh:
        out("nothing to do: it was packed before, from the same input with the same options")


def _is_compiled() -> bool:
    from migrator.packing.compiled import loops  # noqa: PLC0415

    return loops is not None


def _size(facts: dict[str, Any]) -> list[tuple[str, str]]:
    rows, sequences, wide, before = facts["rows"], facts["sequences"], facts["predictions_per_row"], facts["input"]
    masked = f"{wide:,} masked tokens"
    if wide > before["max_predictions"]:
        masked += f" ({before['max_predictions']:,} before: none is lost)"
    return [
        ("sequences", f"{sequences:,}, each exactly once"),
        ("rows", f"{rows:,} of {facts['row_length']:,} tokens, in {len(facts['files']):,} files"),
        ("factor", f"{sequences / rows:.5f} sequences a row"),
        ("filled", f"{facts['tokens'] / (rows * facts['row_length']):.2%} of all tokens"),
        ("bound", _over(rows, facts["plan"]["bound"])),
        ("a row holds", f"at most {facts['sequences_per_row']:,} sequences, {masked}"),
    ]


def _over(rows: int, bound: float) -> str:
    from migrator.packing.algorithms.bound import whole_rows  # noqa: PLC0415

    over = rows - whole_rows(bound)
    if not over:
        return "no packing needs fewer rows"
    counted = f"{over:,} {'row' if over == 1 else 'rows'} ({over / rows:.4%})"
    return f"{counted} over the {whole_rows(bound):,} that any packing needs"


def _time(done: Packed) -> list[tuple[str, str]]:
    if not done.fresh:
        return []
    seconds = done.seconds
    total = sum(seconds.values())
    names = {"read": "reading", "plan": "planning", "write": "writing"}
    parts = ", ".join(f"{name} {seconds[key]:.1f}" for key, name in names.items() if key in seconds)
    rate = f"{done.manifest['sequences'] / max(total, 1e-9):,.0f} sequences/s"
    return [("seconds", f"{total:.1f}: {parts}"), ("speed", rate)]


def _places(done: Packed, output: Path, metadata: str) -> list[tuple[str, str]]:
    from migrator.packing.manifest import QUARANTINE  # noqa: PLC0415

    rows = [("metadata", metadata)]
    if passed := done.manifest["input"]["passed_over"]:
        rows.insert(0, ("passed over", f"{', '.join(passed)}: without `training` in the name"))
    if done.left_out:
        rows.insert(
            0, ("left out", f"{len(done.left_out):,} of the input's rows and files, listed in {output / QUARANTINE}")
        )
    return rows


def report_unpacked(done: Unpacked, output: Path, seconds: float, *, as_json: bool) -> None:
    """What was written."""
    if as_json:
        out(json.dumps({"output": str(output), **vars(done), "seconds": seconds}, indent=2))
        return
    out(visible(f"unpacked: {output}"))
    rate = f"{done.sequences / max(seconds, 1e-9):,.0f} sequences/s"
    columns(
        [
            ("sequences", f"{done.sequences:,}, each in a row of its own, in {done.files:,} files"),
            ("a row holds", f"{done.row_length:,} tokens, {done.masked_width:,} masked tokens"),
            ("seconds", f"{seconds:.1f}"),
            ("speed", rate),
        ]
    )


def columns(rows: Sequence[tuple[str, str]]) -> None:
    """Print names and what is said of them."""
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        out(visible(f"  {name.ljust(width)}  {text}"))
