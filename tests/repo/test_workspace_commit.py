"""Stages go into an output as commits, tags and files, and come out as they went in."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.core.tree import Entry, Mode, UnsafePathError, git_tree_hash
from migrator.errors import LayerError, OutputError
from migrator.repo.workspace import Workspace
from tests.repo.workspace_stages import SETTINGS, STAGES, git, migrate, snapshot


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished output, for reading."""
    path = tmp_path_factory.mktemp("made") / "trainers" / "sample"
    migrate(path)
    return path


def test_each_stage_is_one_commit_on_main_with_its_tag(output: Path) -> None:
    log = git(output, "log", "--reverse", "--format=%s|%D|%an <%ae>|%ad|%cd", "--date=iso-strict-local", "main")
    who = "migrate <migrate@localhost>"
    date = "2000-01-01T00:00:0"
    assert [line.replace("HEAD -> main, ", "") for line in git_utc(log)] == [
        f"Stage {name}|tag: {name}|{who}|{date}{second}Z|{date}{second}Z" for second, name in enumerate(STAGES)
    ]


def git_utc(log: str) -> list[str]:
    """Lines of a log; a date without offset is written Z or +00:00 by different versions of git."""
    return log.replace("+00:00", "Z").splitlines()


def test_the_work_tree_is_the_last_stage_and_git_finds_it_sound_and_clean(output: Path) -> None:
    seen = snapshot(output)
    files = {path: what for path, what in seen["files"].items() if what[0] != "folder"}  # type: ignore[attr-defined]
    kinds = {Mode.FILE: "0", Mode.EXECUTABLE: "100", Mode.LINK: "link"}
    assert files == {path: (kinds[entry.mode], entry.data) for path, entry in STAGES["performance"].items()}
    assert (seen["status"], seen["fsck"], seen["temporary"]) == ("", "", [])


def test_emptied_folders_are_gone_and_a_submodule_is_an_empty_folder(tmp_path: Path) -> None:
    migrate(tmp_path / "out", last="upstream")
    assert list((tmp_path / "out" / "vendor").iterdir()) == []
    migrate(tmp_path / "out", last="minimal")
    assert not (tmp_path / "out" / "vendor").exists()
    assert not (tmp_path / "out" / "gone").exists()


def test_stages_trees_and_records_are_read_back(output: Path) -> None:
    workspace = Workspace.open(output)
    stages = workspace.stages()
    assert workspace.settings == SETTINGS
    assert [stage.name for stage in stages] == list(STAGES)
    for stage in stages:
        assert stage.commit == git(output, "rev-parse", stage.name).strip()
        assert stage.tree == git_tree_hash(STAGES[stage.name])
        assert stage.trailers == {"Stage": stage.name}
        assert workspace.read_tree(stage.name) == STAGES[stage.name]
        assert workspace.records(stage.name) == f'{{"stage": "{stage.name}"}}\n'.encode()


def test_the_same_stages_are_the_same_commits_whatever_the_user_has_set(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("[core]\nautocrlf = true\n[commit]\ngpgSign = true\n[init]\ndefaultBranch = other\n")
    for name, value in {
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_DIR": str(tmp_path / "elsewhere"),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_AUTHOR_NAME": "someone",
        "GIT_COMMITTER_DATE": "2020-02-02T00:00:00Z",
        "LC_ALL": "de_DE.UTF-8",
    }.items():
        monkeypatch.setenv(name, value)
    migrate(tmp_path / "again")
    monkeypatch.undo()
    assert snapshot(tmp_path / "again") == snapshot(output)


def test_running_again_makes_nothing_and_changes_nothing(output: Path) -> None:
    before = {path: path.lstat().st_mtime_ns for path in output.rglob("*") if path.name not in ("lock", "migrate")}
    assert migrate(output) == []
    assert before == {path: path.lstat().st_mtime_ns for path in before}


def test_stages_can_be_added_later(output: Path, tmp_path: Path) -> None:
    assert migrate(tmp_path / "out", last="minimal") == ["upstream", "minimal"]
    assert migrate(tmp_path / "out") == ["packed", "performance"]
    assert snapshot(tmp_path / "out") == snapshot(output)


def test_a_stage_that_changes_no_file_is_a_commit_too(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    with Workspace.open(tmp_path).locked() as writer:
        commit = writer.commit_stage(
            "minimal", STAGES["upstream"], subject="Nothing", body="", trailers={"Stage": "minimal"}, records=b""
        )
    assert git(tmp_path, "rev-parse", "HEAD", "minimal").split() == [commit, commit]
    assert git(tmp_path, "diff", "upstream", "minimal") == ""


def test_a_look_at_a_finished_output_takes_few_processes(output: Path) -> None:
    steps: list[str] = []
    workspace = Workspace.open(output, checkpoint=steps.append)
    with workspace.locked():
        workspace.check_unchanged()
        assert len(workspace.stages()) == 4
    assert [step for step in steps if step.startswith("git")] == ["git status", "git for-each-ref", "git cat-file"]


@pytest.mark.parametrize("name", ["", "../x", "Upper", "main", "upstream", "a/b", "-x"])
def test_a_name_that_is_no_new_stage_is_refused(tmp_path: Path, name: str) -> None:
    migrate(tmp_path, last="upstream")
    with Workspace.open(tmp_path).locked() as writer, pytest.raises(ValueError, match="no name for a new stage"):
        writer.commit_stage(name, {}, subject="s", body="", trailers={}, records=b"")


@pytest.mark.parametrize("path", ["../out.py", "/etc/x", "a/../../b", ".git/config", "sub/.GIT/hooks/x"])
def test_a_path_that_leaves_the_tree_is_refused(tmp_path: Path, path: str) -> None:
    migrate(tmp_path, last="upstream")
    before = snapshot(tmp_path)
    with Workspace.open(tmp_path).locked() as writer, pytest.raises(UnsafePathError):
        writer.commit_stage("x", {path: Entry(b"")}, subject="s", body="", trailers={}, records=b"")
    assert snapshot(tmp_path) == before


def test_a_tree_with_a_file_in_a_file_is_refused(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    tree = {"a": Entry(b""), "a/b/c": Entry(b"")}
    with Workspace.open(tmp_path).locked() as writer, pytest.raises(LayerError, match="a file and a folder at once"):
        writer.commit_stage("x", tree, subject="s", body="", trailers={}, records=b"")


def test_a_stage_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    migrate(tmp_path, last="minimal")
    workspace = Workspace.open(tmp_path)
    for read in (workspace.read_tree, workspace.records):
        with pytest.raises(OutputError, match=r"no stage 'packed'; it has: upstream, minimal"):
            read("packed")
