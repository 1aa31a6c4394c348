"""What `migrate apply` refuses: the exit code, what it says and that nothing is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.own_recipe import OwnRecipe
from tests.scenarios.running import Done, Migrate, commits, contents, git, sane

APPLY = ("apply", "own", "--level", "performance", "-o", "out")


def refused(done: Done, code: int, *said: str) -> None:
    """It ended with `code`; the message holds `said`, has a hint, and is no traceback."""
    assert done.code == code, done.err
    for text in said:
        assert text in done.err, done.err
    lines = done.err.splitlines()
    assert lines[0].startswith("migrate: ")
    assert lines[-1].startswith("  "), f"no word about what to do: {lines}"
    assert "Traceback" not in done.err
    assert done.out == ""


def edit(output: Path) -> None:
    (output / "run_pretraining.py").write_text("mine\n")


def delete(output: Path) -> None:
    (output / "modeling.py").unlink()


def stage_a_file(output: Path) -> None:
    (output / "mine.py").write_text("mine\n")
    git(output, "add", "mine.py")


def commit(output: Path) -> None:
    edit(output)
    git(output, "commit", "-qam", "mine")


def switch(output: Path) -> None:
    git(output, "checkout", "-qb", "mine")


def move_tag(output: Path) -> None:
    git(output, "tag", "-f", "minimal", "upstream")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edit, ("was changed since stage", "modified run_pretraining.py", "stash")),
        (delete, ("deleted modeling.py", "reset --hard")),
        (stage_a_file, ("added mine.py",)),
        (commit, ("branch 'main'", "was moved", "branch mine")),
        (switch, ("branch 'mine' checked out", "checkout main")),
        (move_tag, ("tag 'minimal'", "was moved", "tag --force minimal")),
    ],
)
def test_an_output_that_its_user_changed(
    migrate: Migrate, sample: Path, change: Callable[[Path], None], said: tuple[str, ...]
) -> None:
    change(sample)
    before, head = contents(sample), git(sample, "rev-parse", "HEAD")
    for level in ("minimal", "performance"):
        refused(migrate(sample.parent, "apply", "sample-bert", "--level", level, "-o", "out"), 2, str(sample), *said)
    after = contents(sample)
    assert {path: seen for path, seen in after.items() if ".git/" not in path} == {
        path: seen for path, seen in before.items() if ".git/" not in path
    }
    assert git(sample, "rev-parse", "HEAD") == head


def test_a_file_of_the_users_beside_ours_is_no_change(migrate: Migrate, sample: Path, levels: tuple[str, ...]) -> None:
    (sample / "notes.txt").write_text("mine\n")
    assert migrate(sample.parent, "apply", "sample-bert", "--level", levels[-1], "-o", "out").code == 0
    assert (sample / "notes.txt").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--release", "1.23"), "target is release=1.24 mode=lazy chip=gaudi2"),
        (("--mode", "eager"), "asked for was release=1.24 mode=eager"),
        (("--chip", "gaudi3"), "chip=gaudi3"),
    ],
)
def test_an_output_made_with_other_options(migrate: Migrate, sample: Path, option: tuple[str, ...], said: str) -> None:
    before = contents(sample)
    done = migrate(sample.parent, "apply", "sample-bert", "--level", "minimal", "-o", "out", *option)
    refused(done, 2, str(sample), "was made otherwise", said, "-o")
    assert contents(sample) == before


def test_an_output_of_another_recipe(migrate_own: Migrate, sample: Path) -> None:
    done = migrate_own(sample.parent, *APPLY)
    refused(done, 2, "was made otherwise", "recipe is sample-bert, asked for was own")


def test_an_output_of_other_patches(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    assert migrate_own(tmp_path, *APPLY).code == 0
    own.change(own.series, "The device is hpu.", "The device is another one.")
    before = contents(tmp_path / "out")
    refused(migrate_own(tmp_path, *APPLY), 2, "patches is ", "or delete the output")
    assert contents(tmp_path / "out") == before


def test_an_output_is_no_upstream(migrate: Migrate, sample: Path) -> None:
    done = migrate(sample.parent, "apply", "./out", "--level", "minimal", "-o", "other")
    refused(done, 2, "is an output of migrate, not an upstream")
    assert not (sample.parent / "other").exists()


def a_file(place: Path) -> None:
    place.write_text("mine")


def somebodys_folder(place: Path) -> None:
    place.mkdir()
    (place / "thesis.tex").write_text("mine")


def somebodys_repository(place: Path) -> None:
    place.mkdir()
    git(place, "init", "-q")


@pytest.mark.parametrize("there", [a_file, somebodys_folder, somebodys_repository])
def test_a_place_that_is_taken(migrate_own: Migrate, tmp_path: Path, there: Callable[[Path], None]) -> None:
    there(tmp_path / "out")
    before = contents(tmp_path)
    refused(migrate_own(tmp_path, *APPLY), 2, f"{tmp_path / 'out'} is there and is not an output", "-o")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("place", ["/proc/out", "train.py/out", "/dev/null/out"])
def test_a_place_that_cannot_be_made(migrate_own: Migrate, tmp_path: Path, place: str) -> None:
    (tmp_path / "train.py").write_text("")
    before = contents(tmp_path)
    done = migrate_own(tmp_path, *APPLY[:-1], place)
    refused(done, 2, place)
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(migrate_own: Migrate, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        refused(migrate_own(tmp_path, *APPLY), 2, "Permission denied", "make the output writable")
    finally:
        tmp_path.chmod(0o700)


def test_an_output_inside_a_local_upstream(migrate: Migrate, own: OwnRecipe) -> None:
    before = contents(own.upstream)
    for place in ((), ("-o", "out"), ("-o", own.upstream / "deep" / "out")):
        done = migrate(own.upstream, "apply", ".", "--level", "minimal", *place)
        refused(done, 2, "would lie in the upstream", "upstreams are never written to")
    assert contents(own.upstream) == before


def test_a_recorded_upstream_that_is_another(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    own.pin(tree="0" * 40)
    done = migrate_own(tmp_path, *APPLY)
    assert done.code == 3
    assert done.err.startswith("migrate: own: the upstream's tree is ")
    assert done.err.rstrip().endswith(f"the pin says {'0' * 40}")
    assert not (tmp_path / "out").exists()


def test_spaces_and_letters_of_every_script(migrate_own: Migrate, tmp_path: Path) -> None:
    place = tmp_path / "mein Ordner" / "трениер 训练 é"
    done = migrate_own(tmp_path, *APPLY[:-1], place)
    assert done.code == 0, done.err
    assert str(place) in done.out
    assert len(commits(place)) == 4
    ascii_only = migrate_own.with_variables(LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    plain = ascii_only(tmp_path, *APPLY[:-1], place)
    assert plain.code == 0, plain.err
    sane(place)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("apply", "onw", "--level", "minimal"), "did you mean 'own'?"),
        (("apply", "https://example.invalid/a/b", "--level", "minimal"), "write URL@REF"),
        (("apply", "own", "--level", "minimal", "--release", "1.9", "--mode", "compile"), "'compile'"),
        (("apply", "own", "--level", "minimal", "--release", "0.1"), "known releases: "),
    ],
)
def test_a_target_that_there_is_not(migrate_own: Migrate, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    before = contents(tmp_path)
    refused(migrate_own(tmp_path, *words), 2, said)
    assert contents(tmp_path) == before


def test_a_level_that_the_recipe_lacks(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    text = own.series.read_text()
    own.write(own.series, text[: text.index('[[stage]]\nname = "packed"')])
    refused(migrate_own(tmp_path, *APPLY), 2, "has no stage performance", "its levels are minimal")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "own", "--level", "fast"),
        ("apply", "own"),
        ("apply", "own", "--level", "minimal", "--mode", "quick"),
        ("apply", "own", "--level", "minimal", "--chip"),
    ],
)
def test_wrong_words(migrate_own: Migrate, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = migrate_own(tmp_path, *words)
    assert (done.code, done.out) == (2, "")
    assert "usage: migrate apply" in done.err
    assert "migrate apply: error: " in done.err


def test_a_data_folder_that_there_is_not(migrate: Migrate, tmp_path: Path) -> None:
    done = migrate.with_variables(MIGRATE_DATA=str(tmp_path / "nowhere"))(tmp_path, *APPLY)
    refused(done, 2, "MIGRATE_DATA is", "there is no such folder")


def test_git_that_is_missing(migrate_own: Migrate, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = migrate_own.with_variables(PATH=str(tmp_path / "bin"))(tmp_path, *APPLY)
    refused(done, 2, "git was not found", "install git")
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_damaged(migrate: Migrate, sample: Path) -> None:
    shutil.rmtree(sample / ".git" / "objects" / "pack")
    done = migrate(sample.parent, "apply", "sample-bert", "--level", "minimal", "-o", "out")
    refused(done, 2, str(sample))
