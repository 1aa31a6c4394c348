"""The log files of a migration: all stages' records, as JSON lines and as text."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from migrator.repo.output_failure import output_failures
from migrator.repo.workspace import Workspace
from migrator.report.records import read_records
from migrator.report.textlog import text_log

JSON_LINES = "migration.jsonl"
TEXT = "migration.log"


def all_records(workspace: Workspace) -> bytes:
    """The records of all finished stages, in order."""
    return b"".join(workspace.records(stage.name) for stage in workspace.stages())


def write_logs(workspace: Workspace, folder: Path) -> None:
    """Write both log files, each in one step; a file that says the same already stays as it is."""
    records = all_records(workspace)
    with output_failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / JSON_LINES, records)
        text = "".join(f"{line}\n" for line in text_log(read_records(records, JSON_LINES)))
        _write(folder / TEXT, text.encode("utf-8", "replace"))


def _write(path: Path, data: bytes) -> None:
    if path.is_file() and path.read_bytes() == data:
        return
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
