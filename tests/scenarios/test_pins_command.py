"""`migrate pins`: list, show, fetch and verify, against mirrors and a cache of our own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.commands import pins
from migrator.errors import ExitCode, UpstreamError, UsageError
from tests.repo.made_upstreams import URL, git, make_mirror, make_repository


@pytest.fixture
def own_pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one git pin, whose upstream is in a local mirror, and one embedded pin."""
    data, origin = tmp_path / "data", tmp_path / "origin"
    commit = make_repository(origin)
    make_mirror(origin, tmp_path / "mirrors")
    folder = data / "upstream_pins"
    (folder / "sample").mkdir(parents=True)
    (folder / "sample" / "train.py").write_text("x = 1\n")
    common = 'licence = "MIT"\ndata_format = "README.md"\n'
    tree = git(origin, "rev-parse", "HEAD:code")
    (folder / "trainer.toml").write_text(
        f'kind = "git"\nurl = "{URL}"\ncommit = "{commit}"\nsubfolder = "code"\ntree = "{tree}"\n{common}'
    )
    git(folder / "sample", "init", "--quiet")
    git(folder / "sample", "add", "--all")
    sample = git(folder / "sample", "write-tree")
    (folder / "sample.toml").write_text(f'kind = "embedded"\nfolder = "sample"\ntree = "{sample}"\n{common}')
    monkeypatch.setattr("migrator.repo.known_pins.data_root", lambda: data)
    monkeypatch.setenv("MIGRATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MIGRATE_MIRRORS", str(tmp_path / "mirrors"))
    return folder


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    pins.add_parser(parser.add_subparsers())
    return pins.run(parser.parse_args(["pins", *arguments]))


@pytest.mark.usefixtures("own_pins")
def test_list_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run() == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["sample", "embedded"], ["trainer", "git"]]


@pytest.mark.parametrize("arguments", [["list", "--json"], ["--json"], ["--json", "list"]])
@pytest.mark.usefixtures("own_pins")
def test_list_as_json(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert _run(*arguments) == ExitCode.DONE
    listed = json.loads(capsys.readouterr().out)
    assert [(pin["name"], pin["kind"]) for pin in listed] == [("sample", "embedded"), ("trainer", "git")]


@pytest.mark.usefixtures("own_pins")
def test_show_has_the_commit_and_the_expected_hashes(own_pins: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (own_pins / "trainer.toml").open("a") as file:
        file.write('[[expected]]\nrelease = "1.23"\nmode = "lazy"\nchip = "gaudi2"\nstyle = "native"\n')
        file.write(f'[expected.stages.minimal]\ntree = "{"1" * 40}"\ncommit = "{"2" * 40}"\n')
    assert _run("show", "trainer") == ExitCode.DONE
    text = capsys.readouterr().out
    assert URL in text
    assert "expected for release 1.23 lazy gaudi2 native\n" in text
    assert f"  minimal  {'1' * 40}  {'2' * 40}\n" in text
    assert _run("show", "trainer", "--json") == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["expected"][0]["mode"] == "lazy"


@pytest.mark.usefixtures("own_pins")
def test_show_of_an_unknown_pin_guesses() -> None:
    with pytest.raises(UsageError, match="no recipe 'trianer'") as caught:
        _run("show", "trianer")
    assert "did you mean 'trainer'?" in caught.value.hint


@pytest.mark.usefixtures("own_pins")
def test_fetch_says_what_it_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("fetch", "trainer") == ExitCode.DONE
    assert capsys.readouterr().out.startswith("trainer: 5 files, tree ")
    assert len(list((tmp_path / "cache" / "git").glob("*.git"))) == 1


def test_fetch_of_what_is_nowhere_ends_with_3(own_pins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin = own_pins / "trainer.toml"
    pin.write_text(pin.read_text().replace(URL, (tmp_path / "absent").as_uri()))
    with pytest.raises(UpstreamError) as caught:
        _run("fetch", "trainer")
    assert caught.value.exit_code == ExitCode.UPSTREAM


@pytest.mark.usefixtures("own_pins")
def test_verify_finds_all_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("verify") == ExitCode.DONE
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["good", "good"]


def test_verify_says_what_is_not_here(own_pins: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pin = own_pins / "trainer.toml"
    pin.write_text(pin.read_text().replace(URL, "https://example.invalid/owner/other"))
    assert _run("verify", "--json") == ExitCode.DONE
    verdicts = {entry["name"]: entry["verdict"] for entry in json.loads(capsys.readouterr().out)}
    assert verdicts == {"sample": "good", "trainer": "not here"}


def test_verify_ends_with_1_when_something_is_wrong(own_pins: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_pins / "sample" / "train.py").write_text("x = 2\n")
    (own_pins / "broken.toml").write_text('kind = "git"\n')
    assert _run("verify") == ExitCode.CHECK_FOUND
    found = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "wrong" in found["sample"]
    assert "the pin says" in found["sample"]
    assert "broken.toml: licence is missing" in found["broken"]
    assert "good" in found["trainer"]


def test_describing_the_command_imports_nothing_heavy() -> None:
    heavy = ("libcst", "rich", "git", "subprocess")
    program = f"import sys, migrator.commands.pins; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
