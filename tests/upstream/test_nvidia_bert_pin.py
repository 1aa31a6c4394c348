"""The real upstream of nvidia-bert is what its pin says, and is fetched alone."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.core.tree import Mode
from migrator.errors import UpstreamError
from migrator.repo.known_pins import load_pin
from migrator.repo.settings import Settings
from migrator.repo.upstream import obtain
from tests.repo.made_upstreams import object_ids

pytestmark = pytest.mark.upstream


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The user's own mirrors, and a cache of our own that holds the upstream already."""
    fresh = replace(Settings.from_environment(), cache=tmp_path / "cache", idle_seconds=20.0, tries=1)
    try:
        obtain(load_pin("nvidia-bert"), settings=fresh)
    except UpstreamError as error:
        if "the pin says" in error.message:
            raise
        pytest.skip(f"no mirror and no network has it: {error.message}")
    return fresh


def test_the_pinned_folder_comes_whole_and_alone(settings: Settings) -> None:
    found = obtain(load_pin("nvidia-bert"), settings=settings)
    assert len(found.tree) == 73
    assert found.tree["run_pretraining.py"].mode is Mode.EXECUTABLE
    (place,) = (settings.cache / "git").glob("*.git")
    # the commit, the trees of the whole repository (git sends all of them) and the folder's 70 different files
    assert len(object_ids(place)) == 600


def test_reading_it_from_the_cache_takes_no_time(settings: Settings) -> None:
    started = time.perf_counter()
    obtain(load_pin("nvidia-bert"), settings=replace(settings, network=False, mirrors=()))
    assert time.perf_counter() - started < 0.3
