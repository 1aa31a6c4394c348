"""The command line as a whole: help, exit codes, streams that are closed, and what it loads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from migrator import __version__, cli
from migrator.errors import ExitCode, LayerError, MigrateError, UpstreamError
from tests.scenarios.running import Migrate

COMMANDS = [*re.findall(r"^    (\w+) ", cli.parser().format_help(), re.MULTILINE)]
HEAVY = ("git", "h5py", "libcst", "numpy", "plotext", "psutil", "rich", "torch", "unidiff")


@pytest.fixture
def migrate(tmp_path: Path) -> Migrate:
    return Migrate(tmp_path / "home")


def test_help_names_every_command_and_exit_code(migrate: Migrate, tmp_path: Path) -> None:
    done = migrate(tmp_path, "--help")
    assert (done.code, done.err) == (0, "")
    assert {"apply", "diff", "log", "pins", "run"} <= set(COMMANDS)
    for code in (0, 1, 2, 3, 4, 5, 70, 130):
        assert re.search(rf"\b{code} \w", done.out)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: migrate {command}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"migrate {__version__}\n")


def test_the_command_line_loads_nothing_heavy() -> None:
    code = (
        "import sys, migrator.cli\nmigrator.cli.parser().format_help()\n"
        f"print(*({set(HEAVY)!r} & {{name.partition('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "required: COMMAND"),
        (("aply",), "invalid choice: 'aply'"),
        (("apply", "--levle", "minimal"), "required: --level"),
        (("diff", "--stat", "--json"), "not allowed with argument"),
    ],
)
def test_wrong_words_are_exit_code_2(migrate: Migrate, tmp_path: Path, words: Sequence[str], said: str) -> None:
    done = migrate(tmp_path, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("usage: migrate")
    assert said in done.err


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def run(args: object) -> int:
        raise error

    monkeypatch.setattr("migrator.commands.apply.run", run)
    return cli.main(["apply", "own", "--level", "minimal"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MigrateError("what happened", hint="what to do"), ExitCode.USAGE),
        (UpstreamError("what happened", hint="what to do"), ExitCode.UPSTREAM),
        (LayerError("what happened", hint="what to do"), ExitCode.LAYER),
    ],
)
def test_an_expected_failure_says_what_happened_and_what_to_do(
    error: MigrateError, code: ExitCode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(error, monkeypatch) == code
    assert capsys.readouterr() == ("", "migrate: what happened\n  what to do\n")


def test_no_name_in_a_message_steers_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(MigrateError("the file \x1b[2Jx", hint="\rremove it"), monkeypatch) == 2
    assert capsys.readouterr().err == "migrate: the file ␛[2Jx\n  ␍remove it\n"


def test_an_interrupt_is_exit_code_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fail_with(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr() == ("", "migrate: interrupted; run the same command again to continue\n")


def test_a_bug_is_exit_code_70_and_its_traceback_is_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert fail_with(ZeroDivisionError("at \udcff"), monkeypatch) == 70
    (log,) = tmp_path.glob("migrate-bug-*.log")
    said = capsys.readouterr().err
    assert str(log) in said
    assert "Traceback" not in said
    text = log.read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in text
    assert "ZeroDivisionError: at \\udcff" in text
    assert f"migrate {__version__}, Python " in text


def test_a_bug_that_cannot_be_written_down_is_still_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert fail_with(ZeroDivisionError("at a loss"), monkeypatch) == 70
    said = capsys.readouterr().err
    assert said.startswith("migrate: a bug: ZeroDivisionError: at a loss\n  what happened could not be written down: ")


def test_a_reader_that_has_seen_enough_is_no_error(migrate: Migrate, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "migrator", "apply", "sample-bert", "--level", "minimal", "--dry-run"]
    done = subprocess.run(
        command, cwd=tmp_path, env=migrate.environment(), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_head_of_a_long_output(migrate: Migrate, tmp_path: Path) -> None:
    process = migrate.start(tmp_path, "apply", "sample-bert", "--level", "minimal", "--dry-run")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"# stage minimal")
    process.stdout.close()
    assert (process.wait(60), process.stderr.read()) == (0, b"")
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_standard_output_on_a_full_disk(migrate: Migrate, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "migrator", "pins", "list"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=migrate.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == (
        "migrate: cannot write standard output: No space left on device\n  free some space and run again\n"
    )


def close_streams() -> None:
    os.close(1)
    os.close(2)


@pytest.mark.parametrize(("words", "code"), [(("pins", "list"), 0), (("pins", "show", "nothing"), 2)])
def test_without_any_streams(migrate: Migrate, tmp_path: Path, words: Sequence[str], code: int) -> None:
    done = migrate(tmp_path, *words, preexec_fn=close_streams)
    assert (done.code, done.out, done.err) == (code, "", "")
