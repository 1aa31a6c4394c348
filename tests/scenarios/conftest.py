"""Fixtures of the scenarios: migrate as a process, an output of the sample, and a recipe of one's own."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from migrator.recipes import load_recipe
from tests.scenarios.own_recipe import OwnRecipe
from tests.scenarios.running import Migrate

SAMPLE = "sample-bert"


# A test run in the background inherits ignored signals, and so would the processes that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def migrate(tmp_path_factory: pytest.TempPathFactory) -> Migrate:
    """`migrate(folder, "apply", ...)` runs it in `folder` and returns exit code, stdout and stderr."""
    return Migrate(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def levels() -> tuple[str, ...]:
    """The levels of the sample's recipe."""
    return tuple(stage.name for stage in load_recipe(SAMPLE).stages)


@pytest.fixture(scope="session")
def sample_made(tmp_path_factory: pytest.TempPathFactory, levels: tuple[str, ...]) -> Path:
    """The sample, applied up to its last level. Not to be changed."""
    folder = tmp_path_factory.mktemp("sample")
    done = Migrate(tmp_path_factory.mktemp("home"))(folder, "apply", SAMPLE, "--level", levels[-1], "-o", "out")
    assert done.code == 0, done.err
    return folder / "out"


@pytest.fixture
def sample(sample_made: Path, tmp_path: Path) -> Path:
    """A copy of the sample's output, to be changed."""
    return shutil.copytree(sample_made, tmp_path / "out", symlinks=True)


@pytest.fixture
def own(tmp_path: Path) -> OwnRecipe:
    """A recipe named `own`."""
    return OwnRecipe(tmp_path / "data")


@pytest.fixture
def migrate_own(migrate: Migrate, own: OwnRecipe) -> Migrate:
    """`migrate` that knows the recipe `own`, and no other."""
    return migrate.with_variables(MIGRATE_DATA=str(own.data))
