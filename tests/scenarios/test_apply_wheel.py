"""The wheel holds all that `migrate` needs: installed without the clone, it makes the same commits."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.scenarios.running import Migrate, commits, contents

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with hatchling where it is installed, else with the one of a package index."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "-q", "--disable-pip-version-check"]
    here = subprocess.run([sys.executable, "-c", "import hatchling.build"], capture_output=True, check=False)
    isolation = ["--no-build-isolation"] if here.returncode == 0 else ["--retries", "0", "--timeout", "10"]
    done = subprocess.run([*pip, *isolation, "-w", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode != 0 and here.returncode != 0:
        pytest.skip("hatchling is not installed, and no package index has it")
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def files_of(folder: str) -> dict[str, bytes]:
    found = contents(ROOT / folder)
    return {
        f"{folder}/{path}": data
        for path, (_, data) in found.items()
        if (ROOT / folder / path).is_file() and "__pycache__" not in path
    }


def test_the_wheel_holds_patches_pins_and_the_sample_as_they_are(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    for folder in ("patches", "upstream_pins"):
        expected = files_of(folder)
        assert expected
        inside = {name: data for name, data in held.items() if name.startswith(f"migrator/data/{folder}/")}
        assert inside == {f"migrator/data/{name}": data for name, data in expected.items()}
    sample = "migrator/data/upstream_pins/sample-bert"
    assert held[f"{sample}/.gitignore"]
    assert any(b"\r\n" in data for name, data in held.items() if name.startswith(sample))
    assert "migrator/py.typed" in held


def test_installed_from_the_wheel_it_makes_the_same_commits(
    migrate: Migrate, wheel: Path, sample_made: Path, levels: tuple[str, ...], tmp_path: Path
) -> None:
    """Unpacked into a folder of its own, which is how pip installs a pure wheel; dependencies are the tests' own."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    path = os.pathsep.join([str(tmp_path / "installed"), *filter(None, [os.environ.get("PYTHONPATH")])])
    alone = migrate.with_variables(PYTHONPATH=path)
    where = subprocess.run(
        [sys.executable, "-c", "import migrator.resources as r; print(r.package_data())"],
        cwd=tmp_path, env=alone.environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.strip() == str(tmp_path / "installed" / "migrator" / "data")
    done = alone(tmp_path, "apply", "sample-bert", "--level", levels[-1])
    assert done.code == 0, done.err
    assert commits(tmp_path / "trainers" / "sample-bert") == commits(sample_made)
