"""The log files of a migration: all stages' records, as JSON lines and as text."""

from __future__ import annotations

from pathlib import Path

from migrator.repo.output_failure import output_failures
from migrator.repo.workspace import Workspace
from migrator.report.records import read_records
from migrator.report.textlog import text_log
from migrator.report.written_file import replace_file

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
    text = text_log(read_records(records, JSON_LINES))
    for path, data in ((folder / JSON_LINES, records), (folder / TEXT, text.encode("utf-8", "replace"))):
        if not path.is_file() or path.read_bytes() != data:
            replace_file(path, data)
