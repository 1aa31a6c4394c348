"""A stage that would lose a file of the user's is refused before anything has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from migrator.core.tree import Entry, Tree
from migrator.errors import OutputError
from migrator.repo.workspace import Workspace
from tests.repo.workspace_stages import STAGES, git, migrate, snapshot

UPSTREAM = STAGES["upstream"]


def commit(output: Path, tree: Tree) -> None:
    """Add a stage with this tree."""
    with Workspace.open(output).locked() as writer:
        writer.commit_stage("minimal", tree, subject="s", body="", trailers={}, records=b"")


def write(path: Path, text: str = "mine") -> None:
    """Make a file of the user's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("own", "added", "told"),
    [
        (lambda out: write(out / "new.py"), "new.py", "new.py"),
        (lambda out: (out / "new.py").symlink_to("nowhere"), "new.py", "new.py"),
        (lambda out: write(out / "new.py" / "x"), "new.py", "new.py/x"),
        (lambda out: write(out / "pkg"), "pkg/new.py", "pkg"),
        (lambda out: (out / "pkg").symlink_to("tools"), "pkg/new.py", "pkg"),
        (lambda out: write(out / "tools" / "sub" / "x.log"), "tools/sub/x.log", "tools/sub/x.log"),
    ],
)
def test_an_untracked_file_in_the_way_is_named(
    tmp_path: Path, own: Callable[[Path], object], added: str, told: str
) -> None:
    migrate(tmp_path, last="upstream")
    own(tmp_path)
    before = snapshot(tmp_path)
    with pytest.raises(OutputError) as caught:
        commit(tmp_path, {**UPSTREAM, added: Entry(b"new\n")})
    assert caught.value.message.endswith(f"that migrate did not write: {told}")
    assert "move them" in caught.value.hint
    assert snapshot(tmp_path) == before


def test_a_folder_with_a_file_of_the_users_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    write(tmp_path / "b" / "c" / "mine")
    with pytest.raises(OutputError, match="did not write: b/c/mine"):
        commit(tmp_path, STAGES["minimal"])
    (tmp_path / "b" / "c" / "mine").rename(tmp_path / "mine")
    commit(tmp_path, STAGES["minimal"])
    assert (tmp_path / "b").read_bytes() == b"now a file\n"


def test_an_untracked_file_that_is_the_same_is_taken_over(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    write(tmp_path / "new.py", "new\n")
    commit(tmp_path, {**UPSTREAM, "new.py": Entry(b"new\n")})
    assert git(tmp_path, "status", "--porcelain") == ""


def test_empty_folders_in_the_way_of_a_file_are_no_loss(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    (tmp_path / "new.py" / "empty" / "deeper").mkdir(parents=True)
    commit(tmp_path, {**UPSTREAM, "new.py": Entry(b"new\n")})
    assert (tmp_path / "new.py").read_bytes() == b"new\n"


def test_a_change_that_git_was_told_to_overlook_is_not_lost(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    git(tmp_path, "update-index", "--assume-unchanged", "train.py")
    write(tmp_path / "train.py")
    with pytest.raises(OutputError, match=r"did not write: train\.py"):
        commit(tmp_path, STAGES["minimal"])
    assert (tmp_path / "train.py").read_text() == "mine"


def test_a_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    migrate(out, last="upstream")
    (out / "tools").rename(outside)
    (out / "tools").symlink_to(outside)
    git(out, "update-index", "--skip-worktree", "tools/run.sh", 'tools/now a "quote\'d" ü.txt')
    before = {path.name: path.read_bytes() for path in outside.iterdir()}
    with pytest.raises(OutputError, match="did not write: tools"):
        commit(out, {**UPSTREAM, "tools/run.sh": Entry(b"changed\n"), "tools/new": Entry(b"")})
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == before


def test_a_submodule_that_the_user_filled_is_left(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    write(tmp_path / "vendor" / "filled.py")
    Workspace.open(tmp_path).check_unchanged()
    commit(tmp_path, STAGES["minimal"])
    assert (tmp_path / "vendor" / "filled.py").read_text() == "mine"
