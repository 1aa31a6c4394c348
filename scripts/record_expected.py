"""Record what the stages of a recipe come out with: rewrite the `[[expected]]` tables of its pin.

    python scripts/record_expected.py sample-bert                      # the targets below
    python scripts/record_expected.py sample-bert 1.24:lazy 1.24:eager:gaudi3

Each target is applied in a temporary folder, up to the recipe's last stage. The rest of the pin's file stays as it is,
byte for byte. Run it after a change of rules or layers was reviewed with `migrate diff`, and commit the result with it.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from migrator.config import make_target
from migrator.console import err, out
from migrator.core.target import Target
from migrator.errors import MigrateError
from migrator.output import bring_to
from migrator.plan import make_plan
from migrator.repo.known_pins import pins_folder
from migrator.repo.workspace import CommittedStage, Workspace
from migrator.report.written_file import replace_file

TARGETS = ("1.24:lazy", "1.24:eager", "1.24:compile", "1.9:lazy")
_HEADER = re.compile(rb"\s*\[")
_EXPECTED = re.compile(rb"\s*\[\[?\s*expected\b")


def target_of(text: str) -> Target:
    """Read RELEASE:MODE[:CHIP[:STYLE]]. Raises `UsageError` for a target that there is not."""
    release, mode, chip, style = [*text.split(":"), "", "", ""][:4]
    return make_target(release, mode or None, chip or None, style or None)


def without_expected(pin: bytes) -> bytes:
    """A pin's file without its `[[expected]]` tables; all other lines as they are."""
    kept: list[bytes] = []
    inside = found = False
    for line in pin.splitlines(keepends=True):
        if _HEADER.match(line):
            inside = bool(_EXPECTED.match(line))
            found |= inside
        if not inside:
            kept.append(line)
    rest = b"".join(kept)
    return rest.rstrip(b"\r\n") + b"\n" if found else rest


def table_of(target: Target, stages: Sequence[CommittedStage]) -> str:
    """One `[[expected]]` table."""
    head = {"release": target.release.name, "mode": target.mode, "chip": target.chip, "style": target.style}
    lines = ["[[expected]]", *(f'{key} = "{getattr(value, "value", value)}"' for key, value in head.items())]
    for stage in stages:
        lines += ["", f"[expected.stages.{stage.name}]", f'tree = "{stage.tree}"', f'commit = "{stage.commit}"']
    return "\n".join(lines) + "\n"


def stages_for(name: str, target: Target, folder: Path) -> tuple[CommittedStage, ...]:
    """Apply the recipe `name` in `folder`, whatever the pin expects now."""
    migration = replace(make_plan(name, target, folder).fetch(), expected={})
    return bring_to(migration, migration.recipe.stages[-1].name, Workspace.open(folder / "out", create=True)).stages


def record(name: str, targets: Sequence[str]) -> Path:
    """Rewrite the tables of the pin `name` and return its path. Raises `MigrateError`."""
    pin = pins_folder() / f"{name}.toml"
    tables: list[str] = []
    for target in map(target_of, targets):
        with tempfile.TemporaryDirectory() as folder:
            tables.append(table_of(target, stages_for(name, target, Path(folder))))
    rest = without_expected(pin.read_bytes())
    replace_file(pin, b"\n".join([rest, *(table.encode() for table in tables)]))
    return pin


def main() -> int:
    """Record, and say where."""
    parser = argparse.ArgumentParser(description="Record the trees and commits of a recipe's stages in its pin.")
    parser.add_argument("name", metavar="NAME", help="a recipe")
    parser.add_argument(
        "targets", metavar="RELEASE:MODE[:CHIP[:STYLE]]", nargs="*", help=f"default: {' '.join(TARGETS)}"
    )
    args = parser.parse_args()
    try:
        out(f"recorded in {record(args.name, args.targets or TARGETS)}")
    except MigrateError as error:
        err(f"{error.message}\n  {error.hint}")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
