"""A stage diff applies with plain `git apply` at the root of a clone of the upstream, and every hunk has its why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.explained import unexplained
from tests.scenarios.own_recipe import OwnRecipe
from tests.scenarios.running import Migrate, commits, git

URL = "https://example.invalid/owner/monorepo"
MIRROR = "example.invalid/owner/monorepo.git"
BELOW = "a/b"


def tree_of(folder: Path, revision: str) -> str:
    return git(folder, "rev-parse", f"{revision}^{{tree}}")


def test_an_exported_diff_of_the_sample_applies(
    migrate: Migrate, sample_made: Path, levels: tuple[str, ...], tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(sample_made), "clone")
    clone = tmp_path / "clone"
    for level in levels:
        done = migrate(tmp_path, "diff", sample_made, "upstream", level, "-o", "x.diff")
        assert done.code == 0, done.err
        git(clone, "checkout", "-q", "upstream")
        git(clone, "apply", "--index", str(tmp_path / "x.diff"))
        assert git(clone, "write-tree") == tree_of(sample_made, level)
        git(clone, "reset", "-q", "--hard", "upstream")


@pytest.fixture
def monorepo(own: OwnRecipe, tmp_path: Path) -> Path:
    """A git upstream that holds the trainer in a/b, with a pin to it and a mirror."""
    origin = tmp_path / "origin"
    (origin / "a").mkdir(parents=True)
    own.upstream.rename(origin / BELOW)
    own.write(origin / "README.md", "Not of the trainer.\n")
    own.write(origin / "a" / "train.py", "Not of the trainer.\n")
    git(origin, "init", "-q", "-b", "main")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "first")
    mirror = tmp_path / "mirrors" / MIRROR
    mirror.parent.mkdir(parents=True)
    git(tmp_path, "clone", "-q", "--mirror", str(origin), str(mirror))
    commit, tree = git(origin, "rev-parse", "HEAD"), git(origin, "rev-parse", f"HEAD:{BELOW}")
    own.write(
        own.pin_file,
        f'kind = "git"\nurl = "{URL}"\ncommit = "{commit}"\nsubfolder = "{BELOW}"\ntree = "{tree}"\n'
        'licence = "MIT"\ndata_format = "README.md"\n',
    )
    return origin


def test_an_exported_diff_of_a_subfolder_applies_at_the_root_of_the_clone(
    migrate_own: Migrate, monorepo: Path, tmp_path: Path
) -> None:
    migrate = migrate_own.with_variables(MIGRATE_MIRRORS=str(tmp_path / "mirrors"))
    done = migrate(tmp_path, "apply", "own", "--level", "performance", "-o", "out")
    assert done.code == 0, done.err
    assert tree_of(tmp_path / "out", "upstream") == git(monorepo, "rev-parse", f"HEAD:{BELOW}")
    git(tmp_path, "clone", "-q", str(monorepo), "clone")
    clone = tmp_path / "clone"
    for old, new in (("upstream", "performance"), ("upstream", "minimal"), ("minimal", "packed")):
        written = migrate(tmp_path, "diff", "out", old, new, "-o", f"{old}-{new}.diff")
        assert written.code == 0, written.err
    git(clone, "apply", "--index", str(tmp_path / "upstream-minimal.diff"))
    assert git(clone, "write-tree", f"--prefix={BELOW}/") == tree_of(tmp_path / "out", "minimal")
    git(clone, "apply", "--index", str(tmp_path / "minimal-packed.diff"))
    assert git(clone, "write-tree", f"--prefix={BELOW}/") == tree_of(tmp_path / "out", "packed")
    git(clone, "reset", "-q", "--hard")
    git(clone, "apply", "--index", str(tmp_path / "upstream-performance.diff"))
    assert git(clone, "write-tree", f"--prefix={BELOW}/") == tree_of(tmp_path / "out", "performance")
    assert (clone / "README.md").read_text() == (clone / "a" / "train.py").read_text() == "Not of the trainer.\n"


def test_an_upstream_that_no_mirror_has(migrate_own: Migrate, monorepo: Path, tmp_path: Path) -> None:
    """The name ends in .invalid, which no resolver knows (RFC 2606): nothing leaves this machine."""
    del monorepo
    done = migrate_own(tmp_path, "apply", "own", "--level", "minimal", "-o", "out")
    assert (done.code, "Traceback" in done.err, (tmp_path / "out").exists()) == (3, False, False)
    assert "git clone --mirror" in done.err


def test_every_hunk_of_the_sample_has_its_why(sample_made: Path) -> None:
    assert unexplained(sample_made) == []


def test_every_hunk_of_a_recipe_with_every_kind_of_layer_has_its_why(migrate_own: Migrate, tmp_path: Path) -> None:
    assert migrate_own(tmp_path, "apply", "own", "--level", "performance", "-o", "out").code == 0
    assert len(commits(tmp_path / "out")) == 4
    assert unexplained(tmp_path / "out") == []
