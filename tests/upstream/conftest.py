"""Real upstreams, ported once a session. Without a mirror and a network the tests that need them are skipped."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from migrator.errors import UpstreamError
from migrator.recipes import load_recipe
from migrator.repo.known_pins import load_pin
from migrator.repo.settings import Settings
from migrator.repo.upstream import obtain
from tests.scenarios.running import Migrate, git
from tests.upstream.bert_finetuning import Bert, write_data

BERT = "nvidia-bert"


@pytest.fixture(scope="session")
def bert_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of our own that holds the upstream of nvidia-bert, from the user's mirrors or the network."""
    cache = tmp_path_factory.mktemp("upstreams") / "cache"
    settings = replace(Settings.from_environment(), cache=cache, idle_seconds=20.0, tries=1)
    try:
        obtain(load_pin(BERT), settings=settings)
    except UpstreamError as error:
        if "the pin says" in error.message:
            raise
        pytest.skip(f"no mirror and no network has it: {error.message}")
    return cache


@pytest.fixture(scope="session")
def bert_migrate(bert_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Migrate:
    """`migrate` with the upstream of nvidia-bert in its cache."""
    return Migrate(tmp_path_factory.mktemp("home"), {"MIGRATE_CACHE": os.fspath(bert_cache)})


def applied(migrate: Migrate, folder: Path, level: str, *options: str) -> Path:
    """nvidia-bert up to a level, in `folder`."""
    done = migrate(folder, "apply", BERT, "--level", level, "-o", "out", *options)
    assert done.code == 0, done.err
    return folder / "out"


@pytest.fixture(scope="session")
def bert_made(bert_migrate: Migrate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nvidia-bert, applied up to its last level. Not to be changed."""
    return applied(bert_migrate, tmp_path_factory.mktemp(BERT), load_recipe(BERT).stages[-1].name)


@pytest.fixture(scope="session")
def bert_minimal(bert_migrate: Migrate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nvidia-bert, applied up to the stage minimal. Not to be changed. The scripts' own imports are there."""
    if missing := [name for name in ("torch", "tqdm", "requests", "sklearn", "six") if find_spec(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return applied(bert_migrate, tmp_path_factory.mktemp(BERT), "minimal")


@pytest.fixture(scope="session")
def bert_packed(bert_minimal: Path, bert_migrate: Migrate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nvidia-bert, applied up to the stage packed. Not to be changed. What bert_minimal needs is there."""
    return applied(bert_migrate, tmp_path_factory.mktemp(BERT), "packed")


@pytest.fixture(scope="session")
def bert_performance(bert_minimal: Path, bert_migrate: Migrate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nvidia-bert, applied up to the stage performance. Not to be changed. What bert_minimal needs is there."""
    return applied(bert_migrate, tmp_path_factory.mktemp(BERT), "performance")


@pytest.fixture(scope="session")
def bert_upstream(bert_minimal: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The upstream's files, as they are before any change."""
    folder = tmp_path_factory.mktemp("upstream")
    git(bert_minimal, "--work-tree", str(folder), "restore", "--source=upstream", "--worktree", "--", ".")
    return folder


@pytest.fixture(scope="session")
def finetuning_data(bert_minimal: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Questions, pairs of sentences, a vocabulary, initial weights. run_glue.py alone writes there: its features."""
    folder = tmp_path_factory.mktemp("finetuning")
    write_data(folder, bert_minimal)
    return folder


@pytest.fixture
def bert(bert_minimal: Path, finetuning_data: Path, tmp_path: Path) -> Bert:
    """The scripts, the data, and an empty folder to run them in."""
    return Bert(bert_minimal, finetuning_data, tmp_path)
