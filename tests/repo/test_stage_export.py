"""A stage as a folder of its own: every kind of entry, and what is put back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator.core.tree import Entry, Mode, Tree
from migrator.errors import OutputError
from migrator.repo.stage_export import export_stage
from migrator.repo.workspace import Workspace

TREE: Tree = {
    "a/b/train.py": Entry(b"print()\r\n"),
    "run.sh": Entry(b"#!/bin/sh\n", Mode.EXECUTABLE),
    "link": Entry(b"a/b/train.py", Mode.LINK),
    "sub": Entry(b"1" * 40, Mode.GITLINK),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace.open(tmp_path / "out", create=True)
    with workspace.locked() as writer:
        writer.begin({})
        for name, tree in (("upstream", TREE), ("minimal", {**TREE, "new.py": Entry(b"")})):
            writer.commit_stage(name, tree, subject=name, body="", trailers={}, records=b"")
    return workspace


def test_every_kind_of_entry(workspace: Workspace) -> None:
    folder = export_stage(workspace, "upstream")
    assert folder.is_relative_to(workspace.path / ".git")
    assert (folder / "a" / "b" / "train.py").read_bytes() == b"print()\r\n"
    assert os.access(folder / "run.sh", os.X_OK)
    assert (folder / "link").readlink() == Path("a/b/train.py")
    assert [*(folder / "sub").iterdir()] == []
    assert not (folder / "new.py").exists()
    workspace.check_unchanged()


def test_each_stage_has_its_folder_and_keeps_it(workspace: Workspace) -> None:
    folder = export_stage(workspace, "minimal")
    assert folder != export_stage(workspace, "upstream")
    kept = (folder / "run.sh").stat().st_ino
    assert export_stage(workspace, "minimal") == folder
    assert (folder / "run.sh").stat().st_ino == kept
    assert [*folder.rglob("*.new")] == []


def test_what_was_changed_is_put_back(workspace: Workspace) -> None:
    folder = export_stage(workspace, "upstream")
    (folder / "run.sh").chmod(0o644)
    (folder / "link").unlink()
    (folder / "link").write_bytes(b"a/b/train.py")
    (folder / "a" / "b" / "train.py").unlink()
    (folder / "a" / "b" / "train.py").symlink_to("../../run.sh")
    export_stage(workspace, "upstream")
    assert os.access(folder / "run.sh", os.X_OK)
    assert (folder / "link").is_symlink()
    assert not (folder / "a" / "b" / "train.py").is_symlink()
    assert (folder / "run.sh").read_bytes() == TREE["run.sh"].data


def test_a_stage_that_is_not_there(workspace: Workspace) -> None:
    with pytest.raises(OutputError, match="no stage 'packed'"):
        export_stage(workspace, "packed")


def test_a_folder_in_the_place_of_a_file(workspace: Workspace) -> None:
    folder = export_stage(workspace, "upstream")
    (folder / "run.sh").unlink()
    (folder / "run.sh").mkdir()
    with pytest.raises(OutputError, match="cannot use the output"):
        export_stage(workspace, "upstream")
