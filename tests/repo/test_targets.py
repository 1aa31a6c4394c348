"""What the TARGET of a command line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import UsageError
from migrator.repo.local import LocalFolder
from migrator.repo.pins import GitPin
from migrator.repo.refs import RemoteRef
from migrator.targets import OutputFolder, UpstreamTarget, resolve_target

COMMIT = "7a4c42501ce05ac5b76999e3b9ddadeffd177b1d"


@pytest.mark.parametrize("text", [None, "", "nvidia-bert"])
def test_no_target_is_nvidia_bert(tmp_path: Path, text: str | None) -> None:
    target = resolve_target(text, tmp_path)
    assert isinstance(target, UpstreamTarget)
    assert isinstance(target.source, GitPin)
    assert (target.recipe, target.source.name, target.source.commit) == ("nvidia-bert", "nvidia-bert", COMMIT)


def test_a_folder_is_taken_relative_to_the_current_one(tmp_path: Path) -> None:
    (tmp_path / "trainer").mkdir()
    assert resolve_target("trainer", tmp_path) == UpstreamTarget(LocalFolder(tmp_path / "trainer"), None)


def test_a_recipe_wins_over_a_folder_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "nvidia-bert").mkdir()
    by_name = resolve_target("nvidia-bert", tmp_path)
    by_path = resolve_target("./nvidia-bert", tmp_path)
    assert isinstance(by_name, UpstreamTarget)
    assert by_name.recipe == "nvidia-bert"
    assert by_path == UpstreamTarget(LocalFolder(tmp_path / "nvidia-bert"), None)


def test_an_output_that_was_made_before_is_recognised(tmp_path: Path) -> None:
    state = tmp_path / "out" / ".git" / "migrate" / "state.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    assert resolve_target("out", tmp_path) == OutputFolder(tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a/b@main", RemoteRef("https://example.org/a/b", "main")),
        ("https://me@example.org/a/b.git@feature/x", RemoteRef("https://me@example.org/a/b.git", "feature/x")),
        ("git@example.org:a/b.git@v1.0", RemoteRef("git@example.org:a/b.git", "v1.0")),
        ("ssh://git@example.org/a/b@" + COMMIT, RemoteRef("ssh://git@example.org/a/b", COMMIT)),
        ("https://example.org/a/b@v1#subdirectory=x/y", RemoteRef("https://example.org/a/b", "v1", "x/y")),
    ],
)
def test_a_git_url_with_its_ref(tmp_path: Path, text: str, expected: RemoteRef) -> None:
    assert resolve_target(text, tmp_path) == UpstreamTarget(expected, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://example.org/a/b", "names no version"),
        ("https://me@example.org/a/b", "names no version"),
        ("git@example.org:a/b.git", "names no version"),
        ("https://example.org/a/b@--upload-pack=evil", "names no version"),
        ("https://example.org/a/b@v1#subdirectory=../x", "leaves the tree"),
        ("ext::sh -c evil@main", "is no recipe"),
        ("absent-folder", "is no recipe"),
    ],
)
def test_what_is_no_target_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        resolve_target(text, tmp_path)


def test_a_misspelt_recipe_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_target("nvida-bert", tmp_path)
    assert "did you mean 'nvidia-bert'?" in caught.value.hint
    assert "sample-bert" in caught.value.hint


def test_a_file_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    with pytest.raises(UsageError, match="is a file, not a folder"):
        resolve_target("train.py", tmp_path)
