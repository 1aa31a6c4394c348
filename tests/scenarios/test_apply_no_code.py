"""Migrating runs no code of the upstream: not on import, not by Python's or git's own hooks; other files stay as is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.core.tree import git_tree_hash
from migrator.repo.folders import read_files, walk
from tests.scenarios.running import Migrate, contents, git

GPU = """\
import torch

device = torch.device("cuda")
model = torch.nn.Linear(4, 4).cuda()
"""
# names that Python, pytest or this package would import if the folder were on the path
TRAPS = (
    "argparse.py", "conftest.py", "dataclasses.py", "libcst.py", "migrator/__init__.py", "pathlib.py",
    "rich/__init__.py", "setup.py", "sitecustomize.py", "tomllib.py", "torch.py", "train.py", "usercustomize.py",
)  # fmt: skip


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that the upstream's code makes when it runs."""
    return tmp_path / "was-run"


@pytest.fixture
def trapped(tmp_path: Path, marker: Path) -> Path:
    """A repository in which all that could run makes the marker."""
    folder = tmp_path / "trapped"
    trap = f"import pathlib\npathlib.Path({str(marker)!r}).touch()\n" + GPU
    for name in TRAPS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(trap)
    (folder / "pyproject.toml").write_text('[build-system]\nrequires = []\nbuild-backend = "setup"\n')
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    command = f"touch {marker}; cat"
    (folder / ".gitattributes").write_text("*.py filter=trap diff=trap\n")
    for name in ("filter.trap.clean", "filter.trap.smudge", "diff.trap.textconv", "core.fsmonitor", "core.editor"):
        git(folder, "config", name, command)
    hooks = folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "pre-commit", "post-commit", "post-index-change", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (hooks / name).chmod(0o755)
    return folder


def test_the_trap_works(trapped: Path, marker: Path) -> None:
    exec(compile((trapped / "train.py").read_text().split("import torch")[0], "train.py", "exec"))
    assert marker.exists()
    marker.unlink()
    git(trapped, "add", "-A")
    assert marker.exists()


def test_a_local_folder(migrate: Migrate, trapped: Path, marker: Path, tmp_path: Path) -> None:
    done = migrate(tmp_path, "apply", trapped, "--level", "performance", "-o", "out")
    assert done.code == 0, done.err
    assert 'torch.device("hpu")' in (tmp_path / "out" / "train.py").read_text()
    assert migrate(tmp_path, "diff", "out", "upstream").code == 0
    assert not marker.exists()


def test_python_m_inside_of_the_upstream(migrate: Migrate, trapped: Path, marker: Path, tmp_path: Path) -> None:
    shutil.rmtree(trapped / "migrator")  # which `python -m migrator` would mean here
    done = migrate(trapped, "apply", ".", "--level", "performance", "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert not marker.exists()


def test_the_command_inside_of_the_upstream(migrate: Migrate, trapped: Path, marker: Path, tmp_path: Path) -> None:
    script = tmp_path / "bin" / "migrate"
    script.parent.mkdir()
    script.write_text("import sys\nfrom migrator.cli import main\nsys.exit(main())\n")  # as pip writes it
    command = [sys.executable, str(script), "apply", ".", "--level", "performance", "-o", str(tmp_path / "out")]
    subprocess.run(command, cwd=trapped, env=migrate.environment(), check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "out" / "migrator" / "__init__.py").exists()
    assert not marker.exists()


def test_a_git_url(migrate: Migrate, trapped: Path, marker: Path, tmp_path: Path) -> None:
    done = migrate(tmp_path, "apply", f"file://{trapped}@main", "--level", "performance")
    assert done.code == 0, done.err
    out = tmp_path / "trainers" / "trapped"
    assert git(out, "rev-parse", "upstream^{tree}") == git(trapped, "rev-parse", "main^{tree}")
    assert 'torch.device("hpu")' in (out / "train.py").read_text()
    assert not marker.exists()


def test_a_git_url_without_such_a_branch(migrate: Migrate, trapped: Path, tmp_path: Path) -> None:
    done = migrate(tmp_path, "apply", f"file://{trapped}@nowhere", "--level", "minimal", "-o", "out")
    assert done.code == 3
    assert "has no branch or tag 'nowhere'" in done.err
    assert not (tmp_path / "out").exists()


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A folder without GPU code: every kind of line end, encoding, mode and link."""
    folder = tmp_path / "plain"
    files = {
        "a.py": b"import os\r\n\r\nprint(os.name)\r\n",
        "b.py": b"# cuda in a comment\nname = 'acudab'\n\tx = 'not even Python'\n",
        "latin.py": "# coding: latin-1\nname = 'é'\n".encode("latin-1"),
        "no-newline.py": b"x = 1",
        "empty.py": b"",
        "data.bin": bytes(range(256)),
        "sub/run.sh": b"#!/bin/sh\necho\r\n",
        ".hidden": b"x",
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "sub" / "run.sh").chmod(0o755)
    (folder / "link.py").symlink_to("a.py")
    return folder


def test_what_has_no_gpu_code_stays_byte_for_byte(migrate: Migrate, plain: Path, tmp_path: Path) -> None:
    before = contents(plain)
    done = migrate(tmp_path, "apply", plain, "--level", "performance", "-o", "out")
    assert done.code == 0, done.err
    out = tmp_path / "out"
    assert contents(plain) == before
    assert {path: seen for path, seen in contents(out).items() if path.split("/")[0] != ".git"} == before
    trees = {git(out, "rev-parse", f"{stage}^{{tree}}") for stage in ("upstream", "minimal", "packed", "performance")}
    assert trees == {git_tree_hash(read_files(plain, walk(plain)))}


def test_the_same_folder_in_two_places_gives_the_same_commits(migrate: Migrate, plain: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / plain.name
    other.parent.mkdir()
    plain.rename(other)
    heads = []
    for number in range(2):
        assert migrate(tmp_path, "apply", other, "--level", "minimal", "-o", f"out{number}").code == 0
        heads.append(git(tmp_path / f"out{number}", "rev-parse", "HEAD"))
        other = other.rename(tmp_path / plain.name)
    assert heads[0] == heads[1]


def test_a_changed_folder_is_another_upstream(migrate: Migrate, plain: Path, tmp_path: Path) -> None:
    arguments = ("apply", plain, "--level", "minimal", "-o", "out")
    assert migrate(tmp_path, *arguments).code == 0
    (plain / "a.py").write_text("x = 2\n")
    done = migrate(tmp_path, *arguments)
    assert done.code == 2
    assert "was made otherwise: upstream-tree is" in done.err
