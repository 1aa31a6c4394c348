"""A folder of the user's is taken as it is on disk, less what git ignores."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.core.tree import Entry, Mode
from migrator.errors import UsageError
from migrator.repo.local import LocalFolder
from migrator.repo.upstream import Upstream, obtain
from tests.repo.made_upstreams import SUBMODULE, git, make_repository, make_settings


def _obtain(folder: Path, tmp_path: Path, **variables: str) -> Upstream:
    settings = make_settings(tmp_path)
    settings = replace(settings, environment={**settings.environment, "GIT_CONFIG_NOSYSTEM": "1", **variables})
    return obtain(LocalFolder(folder), settings=settings)


def test_a_plain_folder_is_all_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "trainer"
    (folder / "lib" / "__pycache__").mkdir(parents=True)
    (folder / "lib" / "__pycache__" / "model.pyc").write_bytes(b"\0")
    (folder / "lib" / "model.py").write_text("model = 1\n")
    (folder / "run.sh").write_text("true\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "libs").symlink_to("lib")
    os.mkfifo(folder / "pipe")
    assert _obtain(folder, tmp_path).tree == {
        "lib/model.py": Entry(b"model = 1\n"),
        "run.sh": Entry(b"true\n", Mode.EXECUTABLE),
        "libs": Entry(b"lib", Mode.LINK),
    }


def test_a_work_tree_has_its_changes_and_not_what_is_ignored(tmp_path: Path) -> None:
    folder = tmp_path / "trainer"
    make_repository(folder)
    (folder / ".gitignore").write_text("*.ckpt\n")
    (folder / "code" / "model.ckpt").write_text("weights")
    (folder / "code" / "train.py").write_text("print('changed')\n")
    (folder / "code" / "new.py").write_text("new = 1\n")
    (folder / "code" / "windows.bat").unlink()
    assert _obtain(folder / "code", tmp_path).tree == {
        "train.py": Entry(b"print('changed')\n", Mode.EXECUTABLE),
        "new.py": Entry(b"new = 1\n"),
        "lib/model.py": Entry(b"model = 1\n"),
        "newest": Entry(b"lib/model.py", Mode.LINK),
        "vendored": Entry(SUBMODULE.encode(), Mode.GITLINK),
    }


def test_an_unchanged_work_tree_has_the_hash_git_gives_it(tmp_path: Path) -> None:
    make_repository(tmp_path / "trainer")
    expected = git(tmp_path / "trainer", "rev-parse", "HEAD^{tree}")
    assert _obtain(tmp_path / "trainer", tmp_path).tree_hash == expected


def test_what_the_user_ignores_everywhere_is_ignored(tmp_path: Path) -> None:
    make_repository(tmp_path / "trainer")
    (tmp_path / "trainer" / "notes.swp").write_text("")
    (tmp_path / "ignored").write_text("*.swp\n")
    (tmp_path / "gitconfig").write_text(f'[core]\n\texcludesFile = "{tmp_path / "ignored"}"\n')
    found = _obtain(tmp_path / "trainer", tmp_path, GIT_CONFIG_GLOBAL=str(tmp_path / "gitconfig"))
    assert "notes.swp" not in found.tree


def test_a_folder_that_git_ignores_as_a_whole_is_taken_all_the_same(tmp_path: Path) -> None:
    make_repository(tmp_path / "trainer")
    (tmp_path / "trainer" / ".gitignore").write_text("/build/\n")
    (tmp_path / "trainer" / "build").mkdir()
    (tmp_path / "trainer" / "build" / "train.py").write_text("x = 1\n")
    assert set(_obtain(tmp_path / "trainer" / "build", tmp_path).tree) == {"train.py"}


def test_a_program_that_the_folders_configuration_names_does_not_run(tmp_path: Path) -> None:
    make_repository(tmp_path / "trainer")
    monitor = tmp_path / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    monitor.chmod(0o755)
    git(tmp_path / "trainer", "config", "core.fsmonitor", str(monitor))
    _obtain(tmp_path / "trainer", tmp_path)
    assert not (tmp_path / "ran").exists()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no files"):
        _obtain(tmp_path / "empty", tmp_path)


def test_a_folder_full_of_data_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.repo.folders._MOST_BYTES", 10)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "weights.bin").write_bytes(bytes(11))
    with pytest.raises(UsageError, match="holds more than"):
        _obtain(tmp_path / "data", tmp_path)
