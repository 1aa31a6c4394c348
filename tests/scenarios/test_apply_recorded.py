"""What the pins record is what comes out, for every target; and the script that records it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.repo.known_pins import load_pin, pin_names
from migrator.repo.pin_files import read_pin
from migrator.repo.pins import EmbeddedPin, Expected
from tests.scenarios.own_recipe import OwnRecipe
from tests.scenarios.running import Migrate, commits, git

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "record_expected.py"
# the upstream of an embedded pin is here; others need a network or a mirror
RECORDED = [(name, entry) for name in pin_names() if isinstance(load_pin(name), EmbeddedPin)
            for entry in load_pin(name).expected]  # fmt: skip


def named(value: object) -> str:
    return f"{value.release}-{value.mode.value}-{value.chip.value}" if isinstance(value, Expected) else str(value)


@pytest.mark.parametrize(("name", "entry"), RECORDED, ids=named)
def test_the_recorded_trees_and_commits_come_out(migrate: Migrate, tmp_path: Path, name: str, entry: Expected) -> None:
    target = ("--release", entry.release, "--mode", entry.mode.value, "--chip", entry.chip.value)
    last = list(entry.stages)[-1]
    done = migrate(tmp_path, "apply", name, "--level", last, *target, "-o", "out")
    assert done.code == 0, done.err
    assert commits(tmp_path / "out") == {stage: ids.commit for stage, ids in entry.stages.items()}
    for stage, ids in entry.stages.items():
        assert git(tmp_path / "out", "rev-parse", f"{stage}^{{tree}}") == ids.tree


def record(own: OwnRecipe, home: Path, *targets: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "MIGRATE_DATA": str(own.data), "MIGRATE_CACHE": str(home)}
    command = [sys.executable, str(SCRIPT), "own", *targets]
    return subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False)


def test_the_script_records_and_keeps_the_rest_of_the_file(
    migrate_own: Migrate, own: OwnRecipe, tmp_path: Path
) -> None:
    written = "# Why this pin.\n" + own.pin_file.read_text() + "# the end   \n"
    own.write(own.pin_file, written)
    (tmp_path / "home").mkdir()
    done = record(own, tmp_path / "home", "1.24:lazy", "1.9:lazy:gaudi")
    assert done.returncode == 0, done.stderr
    first = own.pin_file.read_bytes()
    assert first.startswith(written.encode() + b"\n[[expected]]\n")
    newer, older = read_pin(own.pin_file).expected
    assert (newer.release, newer.chip.value, older.release, older.chip.value) == ("1.24", "gaudi2", "1.9", "gaudi")
    assert migrate_own(tmp_path, "apply", "own", "--level", "performance", "-o", "out").code == 0
    assert commits(tmp_path / "out") == {stage: ids.commit for stage, ids in newer.stages.items()}
    assert record(own, tmp_path / "home", "1.24:lazy", "1.9:lazy:gaudi").returncode == 0
    assert own.pin_file.read_bytes() == first
    assert list((tmp_path / "home").iterdir()) == []


def test_the_script_replaces_what_no_longer_holds(own: OwnRecipe, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    before = own.pin_file.read_bytes()
    assert record(own, tmp_path / "home", "1.24:lazy").returncode == 0
    right = own.pin_file.read_bytes()
    commit = read_pin(own.pin_file).expected[0].stages["packed"].commit
    own.pin_file.write_bytes(right.replace(commit.encode(), b"1" * 40))
    assert record(own, tmp_path / "home", "1.24:lazy").returncode == 0
    assert own.pin_file.read_bytes() == right
    assert right.startswith(before)


def test_the_script_leaves_the_pin_alone_when_a_stage_does_not_apply(own: OwnRecipe, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    own.change(own.recipe / "performance" / "steps.diff", "-    main(4)", "-    main(5)")
    before = own.pin_file.read_bytes()
    done = record(own, tmp_path / "home", "1.24:lazy")
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    assert own.pin_file.read_bytes() == before
