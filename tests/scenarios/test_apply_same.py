"""The same pin, patches and options give the same commits: anywhere, again, at once or step by step."""

from __future__ import annotations

import os
from pathlib import Path

from tests.scenarios.running import Migrate, commits, contents, git, sane

NOT_OUR_OWN = ("lock",)  # who holds it is written there, and taken away again


def mtimes(output: Path) -> dict[str, int]:
    return {
        path.relative_to(output).as_posix(): path.lstat().st_mtime_ns
        for path in output.rglob("*")
        if path.name not in NOT_OUR_OWN
    }


def private() -> None:
    os.umask(0o077)


def test_two_folders_have_the_same_commits(
    migrate: Migrate, sample_made: Path, levels: tuple[str, ...], tmp_path: Path
) -> None:
    other = tmp_path / "a folder" / "für zwei"
    other.mkdir(parents=True)
    assert migrate(other, "apply", "sample-bert", "--level", levels[-1]).code == 0
    made = other / "trainers" / "sample-bert"
    assert commits(made) == commits(sample_made)
    assert list(commits(made)) == sorted(["upstream", *levels])
    assert (other / "logs" / "sample-bert" / "migration.log").read_text()
    sane(made)


def test_a_second_run_changes_nothing_and_says_so(migrate: Migrate, sample: Path, levels: tuple[str, ...]) -> None:
    arguments = ("apply", "sample-bert", "--level", levels[-1], "-o", sample)
    migrate(sample.parent, *arguments)
    times, seen = mtimes(sample), contents(sample)
    done = migrate(sample.parent, *arguments)
    assert (done.code, done.err) == (0, "")
    assert "nothing to do: all stages are there, and unchanged" in done.out
    assert mtimes(sample) == times
    assert contents(sample) == seen


def test_a_lower_level_later_changes_nothing(migrate: Migrate, sample: Path, levels: tuple[str, ...]) -> None:
    before, times = commits(sample), mtimes(sample)
    done = migrate(sample.parent, "apply", "sample-bert", "--level", levels[0], "-o", sample)
    assert (done.code, "nothing to do" in done.out) == (0, True)
    assert commits(sample) == before
    assert mtimes(sample) == times


def test_level_by_level_is_the_same_as_at_once(
    migrate: Migrate, sample_made: Path, levels: tuple[str, ...], tmp_path: Path
) -> None:
    for number, level in enumerate(levels, 1):
        done = migrate(tmp_path, "apply", "sample-bert", "--level", level, "-o", "out")
        assert done.code == 0, done.err
        assert list(commits(tmp_path / "out")) == sorted(["upstream", *levels[:number]])
    assert commits(tmp_path / "out") == commits(sample_made)
    sane(tmp_path / "out")


def test_time_zone_umask_and_git_configuration_of_the_user_decide_nothing(
    migrate: Migrate, sample_made: Path, levels: tuple[str, ...], tmp_path: Path
) -> None:
    (migrate.home / ".gitconfig").write_text(
        "[user]\n name = somebody\n[core]\n autocrlf = true\n hooksPath = /nowhere\n[commit]\n gpgSign = true\n"
        "[init]\n defaultBranch = other\n defaultObjectFormat = sha256\n"
    )
    other = migrate.with_variables(TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="1", GIT_AUTHOR_NAME="somebody")
    done = other(tmp_path, "apply", "sample-bert", "--level", levels[-1], "-o", "out", preexec_fn=private)
    assert done.code == 0, done.err
    assert commits(tmp_path / "out") == commits(sample_made)
    assert git(tmp_path / "out", "symbolic-ref", "HEAD") == "refs/heads/main"


def test_the_work_tree_is_the_last_stage_with_modes_and_line_ends(sample_made: Path, levels: tuple[str, ...]) -> None:
    listed = git(sample_made, "ls-tree", "-r", "-z", levels[-1]).split("\0")
    rows = [row.split(maxsplit=3) for row in listed if row]
    assert rows
    for mode, _, oid, path in rows:
        file = sample_made / path
        assert git(sample_made, "hash-object", "--no-filters", path) == oid
        assert bool(file.stat().st_mode & 0o100) == (mode == "100755")
