"""The small texts around git: URLs, progress, configuration, globs."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.repo.git import progress_line
from migrator.repo.git_environment import local_environment, network_environment, write_config
from migrator.repo.git_urls import mirror_path, short_name, without_password
from migrator.repo.settings import Settings


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Receiving objects:  45% (33/73), 1.20 MiB | 3.00 MiB/s", "receiving objects 33/73, 1.20 MiB"),
        ("remote: Counting objects: 100% (530/530), done.        ", "counting objects 530/530"),
        ("fatal: not found", None),
    ],
)
def test_progress(line: str, expected: str | None) -> None:
    assert progress_line(line) == expected


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://example.org/a/b", "example.org/a/b.git"),
        ("https://me:secret@example.org/a/b.git/", "example.org/a/b.git"),
        ("ssh://git@example.org:22/a/b.git", "example.org/a/b.git"),
        ("git@example.org:a/b.git", "example.org/a/b.git"),
        ("https://example.org/../../etc", None),
        ("file:///a/b", None),
    ],
)
def test_the_place_of_a_mirror(url: str, place: str | None) -> None:
    assert (str(found) if (found := mirror_path(url)) else None) == place


def test_names_and_passwords() -> None:
    assert short_name("git@example.org:b.git") == "b"
    assert short_name("https://example.org/a/b/") == "b"
    assert without_password("https://me:secret@example.org/a") == "https://example.org/a"
    assert without_password("git@example.org:a") == "git@example.org:a"


def test_variables_that_redirect_git_are_dropped(tmp_path: Path) -> None:
    given = {"GIT_DIR": "/elsewhere", "GIT_SSH_COMMAND": "ssh -4", "GIT_CONFIG_PARAMETERS": "'a=b'", "PATH": "/bin"}
    local = local_environment(given)
    network = network_environment(given, tmp_path / "gitconfig")
    assert not {"GIT_DIR", "GIT_CONFIG_PARAMETERS"} & (set(local) | set(network))
    assert (network["GIT_SSH_COMMAND"], local.get("GIT_SSH_COMMAND")) == ("ssh -4", None)
    assert local["GIT_ALLOW_PROTOCOL"] == "file"
    assert local["GIT_TERMINAL_PROMPT"] == network["GIT_TERMINAL_PROMPT"] == "0"


def test_the_users_configuration_comes_first_so_that_it_cannot_undo_ours(tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[gc]\n\tauto = 1\n")
    written = write_config(tmp_path / "made", {"HOME": str(tmp_path)}, include_user=True).read_text()
    assert written.index(str(tmp_path / ".gitconfig")) < written.index("auto = 0")
    assert "include" not in write_config(tmp_path / "made", {"HOME": str(tmp_path)}, include_user=False).read_text()


def test_places_come_from_the_environment(tmp_path: Path) -> None:
    here = Settings.from_environment({"MIGRATE_CACHE": str(tmp_path), "MIGRATE_MIRRORS": "/a:/b"})
    assert (here.cache, here.mirrors) == (tmp_path, (Path("/a"), Path("/b"), tmp_path / "mirrors"))
    assert Settings.from_environment({"XDG_CACHE_HOME": str(tmp_path)}).cache == tmp_path / "migrator"
