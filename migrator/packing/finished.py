"""A packed folder that is there already: whether it is what is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.errors import OutputError
from migrator.packing.manifest import MANIFEST, QUARANTINE


@dataclass(frozen=True)
class Packed:
    """A packed folder. `manifest` is what its manifest.json says."""

    manifest: dict[str, Any]
    left_out: list[dict[str, Any]]
    seconds: dict[str, float]  # by phase; empty where all was done before

    @property
    def fresh(self) -> bool:
        """Whether anything had to be done."""
        return bool(self.seconds)


def packed_before(output: Path, asked: Mapping[str, Any]) -> Packed | None:
    """What is in `output`, if it was packed as `asked`; None for nothing. Raises `OutputError` for anything else."""
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return None
    known = _json(output / MANIFEST)
    if not isinstance(known, dict) or known.get("request") != asked:
        raise OutputError(
            f"{output} exists and holds something else", hint="remove it, or choose another output for other options"
        )
    if missing := [file["name"] for file in known["files"] if not (output / file["name"]).is_file()]:
        raise OutputError(f"{output} lacks {', '.join(missing)}, which were packed", hint="remove it and pack again")
    return Packed(known, _json(output / QUARANTINE) or [], {})


def _json(path: Path) -> Any:
    """None for what is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except ValueError:
        return None
