"""A note in an output: with which rules its stages were last known to come out the same.

Only a shortcut for the next run. Where it is missing or differs, the stages are made again and compared.
"""

from __future__ import annotations

from pathlib import Path

from migrator.repo.disk import Disk
from migrator.repo.output_failure import output_failures


def read_rules_note(output: Path) -> str:
    """The fingerprint noted in the output, or an empty string."""
    path = _path(output)
    with output_failures(output):
        return path.read_text(encoding="ascii").strip() if path.is_file() else ""


def write_rules_note(output: Path, fingerprint: str) -> None:
    """Note a fingerprint, unless it is noted already."""
    if read_rules_note(output) != fingerprint:
        with output_failures(output):
            Disk().write_durably(_path(output), fingerprint.encode("ascii") + b"\n")


def _path(output: Path) -> Path:
    return output / ".git" / "migrate" / "rules"
