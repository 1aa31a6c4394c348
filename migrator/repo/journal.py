"""The journal: a stage whose parts are all on the disk, and that only has to be put in place.

Writing it is the moment at which a stage is decided. Without it, what a killed process left is thrown away;
with it, the stage is finished, as often as it takes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from migrator.errors import OutputError
from migrator.repo.disk import Disk


@dataclass(frozen=True)
class Journal:
    """The stage under way: its name, its commit, and the commit before it ("" for the first stage)."""

    stage: str
    parent: str
    commit: str


def read_journal(path: Path) -> Journal | None:
    """Return the journal at `path`, or None when nothing is under way."""
    try:
        return Journal(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise OutputError(
            f"the journal {path} is damaged: {error}", hint="delete the output and run again, or choose another with -o"
        ) from error


def write_journal(disk: Disk, path: Path, journal: Journal) -> None:
    """Decide the stage: from here on it is finished, never undone."""
    disk.write_durably(path, json.dumps(asdict(journal), indent=2).encode() + b"\n")
