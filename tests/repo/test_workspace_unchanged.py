"""An output that the user has changed is told from one that is as migrate left it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from migrator.errors import ExitCode, OutputError
from migrator.repo.workspace import Workspace
from tests.repo.workspace_stages import STAGES, git, migrate, snapshot


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output with its first two stages, to be copied."""
    path = tmp_path_factory.mktemp("made") / "out"
    migrate(path, last="minimal")
    return path


@pytest.fixture
def output(finished: Path, tmp_path: Path) -> Path:
    """A fresh copy of that output; git has to look at each file again."""
    return Path(shutil.copytree(finished, tmp_path / "out", symlinks=True))


def refusal(output: Path) -> OutputError:
    """The error of a look at the output; going on must fail with the same, and change nothing."""
    before = snapshot_of_user(output)
    with pytest.raises(OutputError) as looked:
        Workspace.open(output).check_unchanged()
    with Workspace.open(output).locked() as writer, pytest.raises(OutputError) as written:
        writer.commit_stage("packed", STAGES["packed"], subject="s", body="", trailers={}, records=b"")
    assert written.value.message == looked.value.message
    assert looked.value.exit_code is ExitCode.USAGE
    assert snapshot_of_user(output) == before
    return looked.value


def snapshot_of_user(output: Path) -> dict[str, object]:
    return {key: value for key, value in snapshot(output).items() if key in ("files", "refs", "status", "HEAD")}


def test_an_untouched_output_is_unchanged(output: Path) -> None:
    Workspace.open(output).check_unchanged()


def test_untracked_files_are_the_users_own_and_survive(output: Path) -> None:
    own = ["checkpoints/step1.pt", "a/__pycache__/b.pyc", "results.log", "tools/mine"]
    for path in own:
        (output / path).parent.mkdir(exist_ok=True)
        (output / path).write_text(path)
    Workspace.open(output).check_unchanged()
    assert migrate(output) == ["packed", "performance"]
    assert [(output / path).read_text() for path in own] == own


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda out: (out / "train.py").write_text("mine"), "modified train.py"),
        (lambda out: (out / "windows.py").write_bytes(b"one\ntwo\n"), "modified windows.py"),
        (lambda out: (out / "train.py").chmod(0o644), "modified train.py"),
        (lambda out: (out / "a" / "b").unlink(), "deleted a/b"),
        (lambda out: (out / "b").rename(out / "renamed"), "deleted b"),
        (lambda out: (git(out, "rm", "-q", "--cached", "b"),), "deleted b"),
        (lambda out: ((out / "new").touch(), git(out, "add", "new")), "added new"),
    ],
)
def test_a_changed_file_is_named(output: Path, change: Callable[[Path], object], told: str) -> None:
    change(output)
    error = refusal(output)
    assert error.message == f"{output} was changed since stage 'minimal': {told}"
    assert "stash" in error.hint


def test_of_many_changed_files_five_are_named(output: Path) -> None:
    for path in STAGES["minimal"]:
        (output / path).unlink()
    assert refusal(output).message.endswith(f"and {len(STAGES['minimal']) - 5} more")
    assert refusal(output).message.count("deleted") == 5


def test_the_stash_that_is_advised_helps(output: Path) -> None:
    (output / "train.py").write_text("mine")
    git(output, "stash")
    assert migrate(output) == ["packed", "performance"]
    assert "mine" in git(output, "stash", "show", "-p")


def test_a_commit_by_the_user_is_told_and_can_be_kept_as_advised(output: Path) -> None:
    (output / "train.py").write_text("mine")
    git(output, "commit", "-qam", "mine")
    error = refusal(output)
    assert "branch 'main'" in error.message
    assert "was moved since stage 'minimal'" in error.message
    git(output, "branch", "mine")
    git(output, "reset", "--keep", git(output, "rev-parse", "minimal").strip())
    assert migrate(output) == ["packed", "performance"]
    assert git(output, "show", "mine:train.py") == "mine"


def test_a_branch_of_the_users_that_is_checked_out_is_told(output: Path) -> None:
    git(output, "checkout", "-qb", "mine")
    error = refusal(output)
    assert "branch 'mine' checked out" in error.message
    assert "checkout main" in error.hint


def test_a_detached_head_is_told(output: Path) -> None:
    git(output, "checkout", "-q", "upstream")
    assert "no branch checked out" in refusal(output).message


def test_a_moved_and_a_deleted_tag_are_told_and_put_back_as_advised(output: Path) -> None:
    commit = git(output, "rev-parse", "upstream").strip()
    git(output, "tag", "-f", "upstream", "minimal")
    assert "tag 'upstream'" in refusal(output).message
    assert "was moved" in refusal(output).message
    git(output, "tag", "-d", "upstream")
    error = refusal(output)
    assert "was deleted" in error.message
    assert f"tag --force upstream {commit}" in error.hint
    git(output, "tag", "--force", "upstream", commit)
    Workspace.open(output).check_unchanged()


def test_a_tag_that_is_in_the_way_is_told(output: Path) -> None:
    git(output, "tag", "packed", "upstream")
    with pytest.raises(OutputError, match="refs/tags/packed"):
        migrate(output)
    git(output, "tag", "-d", "packed")
    assert migrate(output) == ["packed", "performance"]


def test_the_users_own_tags_and_branches_are_no_change(output: Path) -> None:
    git(output, "tag", "mine")
    git(output, "branch", "mine")
    Workspace.open(output).check_unchanged()
