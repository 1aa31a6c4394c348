"""Which folders are outputs, which can become one, and which are left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.errors import ExitCode, OutputError
from migrator.repo.workspace import Workspace
from tests.repo.workspace_stages import SETTINGS, git, migrate


def test_a_missing_and_an_empty_folder_can_become_an_output(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing/below"):
        assert not Workspace.open(tmp_path / name, create=True).begun
        migrate(tmp_path / name, last="upstream")
        assert Workspace.open(tmp_path / name).begun


def test_opening_and_locking_without_beginning_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        with Workspace.open(tmp_path / name, create=True).locked():
            pass
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_without_create_a_missing_output_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no output of migrate") as caught:
        Workspace.open(tmp_path / "missing")
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.hint


@pytest.mark.parametrize("content", ["file", "folder", "repository", "empty repository", "link to .git"])
def test_what_is_not_ours_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    out = tmp_path / "out"
    if content == "file":
        out.write_text("mine")
    elif content == "folder":
        out.mkdir()
        (out / "mine").write_text("mine")
    else:
        out.mkdir()
        git(out, "init", "-q")
        if content == "repository":
            (out / "mine").write_text("mine")
        elif content == "link to .git":
            (out / ".git").rename(tmp_path / "real")
            (out / ".git").symlink_to(tmp_path / "real")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError, match="is not an output of migrate"):
        Workspace.open(out, create=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_output_of_a_newer_migrate_is_refused(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    file = tmp_path / ".git" / "migrate" / "state.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema": 2}))
    with pytest.raises(OutputError, match=r"newer migrate \(schema 2") as caught:
        Workspace.open(tmp_path)
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1, "settings": {}, "stages": [{}]}', '{"schema": "1"}'])
def test_a_damaged_state_is_refused(tmp_path: Path, text: str) -> None:
    migrate(tmp_path, last="upstream")
    (tmp_path / ".git" / "migrate" / "state.json").write_text(text)
    with pytest.raises(OutputError, match="is damaged"):
        Workspace.open(tmp_path)


def test_other_settings_are_refused_and_named(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    with Workspace.open(tmp_path).locked() as writer:
        writer.begin(SETTINGS)
        with pytest.raises(OutputError) as caught:
            writer.begin({"upstream": "sample", "release": "1.23", "mode": "lazy"})
    assert "mode is not set, asked for was lazy; release is 1.24, asked for was 1.23" in caught.value.message
    assert "-o" in caught.value.hint


def test_an_output_inside_another_repository_is_its_own(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    migrate(tmp_path / "trainers" / "sample")
    assert git(tmp_path, "for-each-ref") == ""
    assert len(git(tmp_path / "trainers" / "sample", "log", "--format=%h").split()) == 4


def test_a_moved_output_is_an_output(tmp_path: Path) -> None:
    migrate(tmp_path / "one", last="minimal")
    (tmp_path / "one").rename(tmp_path / "two")
    assert migrate(tmp_path / "two") == ["packed", "performance"]
