"""pack_pretraining_data_pytorch.py: the command that users of the Gaudi recipe type, done by `migrate pack`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.resources import package_data
from tests.packing import oracle
from tests.packing.made_data import write_data

SCRIPT = package_data() / "patches" / "nvidia-bert" / "packed" / "added" / "pack_pretraining_data_pytorch.py"

# Stands in for the toolkit: says what it was asked for, then does as STUB says.
STUB = """\
import json, os, pathlib, signal, sys, time
try:
    pathlib.Path(os.environ["TOLD"]).write_text(json.dumps(sys.argv[1:]))
    if os.environ["STUB"] == "wait":
        time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
sys.exit(int(os.environ["STUB"]))
"""


@pytest.fixture
def stub(tmp_path: Path) -> dict[str, str]:
    """An environment in which `migrator` is a stand-in."""
    (tmp_path / "site" / "migrator").mkdir(parents=True)
    (tmp_path / "site" / "migrator" / "__init__.py").touch()
    (tmp_path / "site" / "migrator" / "__main__.py").write_text(STUB)
    return {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "TOLD": str(tmp_path / "told"), "STUB": "0"}


def told(tmp_path: Path) -> list[str]:
    return list(json.loads((tmp_path / "told").read_text()))


def run(environment: dict[str, str], *words: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *python, str(SCRIPT), *words]
    return subprocess.run(  # Python finds modules in the current directory first: not in the one of the tests
        command, env=environment, cwd=SCRIPT.parent, capture_output=True, text=True, timeout=60, check=False
    )


PUBLISHED = ["--input_dir", "in put", "--output-dir", "out", "--max_sequence_length", "128"]
PUBLISHED += ["--max_predictions_per_sequence", "20"]


def test_the_published_command(stub: dict[str, str], tmp_path: Path) -> None:
    assert run(stub, *PUBLISHED).returncode == 0

    assert told(tmp_path) == ["pack", "in put", "out", "--max-seq-len", "128", "--max-predictions", "20"]


@pytest.mark.parametrize("other", ["-", "_"])
def test_dashes_or_underscores(stub: dict[str, str], tmp_path: Path, other: str) -> None:
    words = ["--input-dir=in", "--output-dir=out", "--max-sequence-length=512", "--max-predictions-per-sequence=80"]
    words += ["--max-sequences-per-pack=3", "--seed=42", "--train-batch-size=8", "--local-rank=-1"]
    words += ["--disable-progress-bar"]

    done = run(stub, *(word[:2] + word[2:].replace("-", other).replace(f"={other}1", "=-1") for word in words))

    assert done.returncode == 0, done.stderr
    options = ["--max-seq-len", "512", "--max-predictions", "80", "--max-per-row", "3", "--seed", "42"]
    assert told(tmp_path) == ["pack", "in", "out", *options]


def test_the_help_names_each_spelling_once(stub: dict[str, str]) -> None:
    done = run(stub, "--help")

    assert done.returncode == 0, done.stderr
    said = [word.strip(",") for word in done.stdout.partition("options:")[2].split() if word.startswith("--")]
    assert {"--seed", "--input_dir", "--input-dir"} <= set(said)
    assert [word for word in said if said.count(word) > 1] == []


def test_what_is_not_said_is_left_to_the_packer(stub: dict[str, str], tmp_path: Path) -> None:
    run(stub, "--input_dir", "in", "--output_dir", "out")

    assert told(tmp_path) == ["pack", "in", "out"]


def test_other_options_are_passed_on(stub: dict[str, str], tmp_path: Path) -> None:
    run(stub, "--input_dir", "in", "--memory", "2G", "--output_dir", "out", "--skip-bad")

    assert told(tmp_path) == ["pack", "in", "out", "--memory", "2G", "--skip-bad"]


@pytest.mark.parametrize("code", [0, 2, 70])
def test_the_exit_code_is_the_packers(stub: dict[str, str], code: int) -> None:
    assert run({**stub, "STUB": str(code)}, *PUBLISHED).returncode == code


def test_without_the_toolkit_it_says_how_to_install_it(stub: dict[str, str], tmp_path: Path) -> None:
    bare = {**stub, "PYTHONPATH": "", "PATH": str(tmp_path)}

    done = run(bare, *PUBLISHED, python=("-S",))

    first, second = done.stderr.splitlines()
    assert done.returncode == 2
    assert "`migrate pack`" in first
    assert f"{sys.executable} -m pip install" in second


def test_a_toolkit_of_another_python(stub: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "bin" / "migrate"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{STUB}")
    program.chmod(0o755)

    done = run({**stub, "PYTHONPATH": "", "PATH": str(program.parent)}, *PUBLISHED, python=("-S",))

    assert done.returncode == 0
    assert told(tmp_path)[:3] == ["pack", "in put", "out"]


@pytest.fixture
def waiting(stub: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The script, whose packer works until it is interrupted."""
    command = [sys.executable, str(SCRIPT), *PUBLISHED]
    process = subprocess.Popen(
        command,
        env={**stub, "STUB": "wait"},
        cwd=SCRIPT.parent,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    end = time.monotonic() + 30
    while not (tmp_path / "told").exists() and time.monotonic() < end:
        time.sleep(0.01)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("both", [True, False], ids=["terminal", "one process"])
def test_interrupted(waiting: subprocess.Popen[str], both: bool) -> None:
    time.sleep(0.2)
    (os.killpg if both else os.kill)(waiting.pid, signal.SIGINT)

    _, error = waiting.communicate(timeout=30)

    assert (waiting.returncode, error) == (130, "")


def test_terminated(waiting: subprocess.Popen[str]) -> None:
    time.sleep(0.2)
    waiting.terminate()

    waiting.communicate(timeout=30)

    assert waiting.returncode == 128 + signal.SIGTERM


def test_it_packs(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data", [[5, 9, 32, 1, 17], [28, 3, 3, 12, 20]])

    done = run(
        dict(os.environ),
        *["--input_dir", str(data), "--output-dir", str(tmp_path / "packed")],
        *["--max_sequence_length", "32", "--max_predictions_per_sequence", "6"],
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert oracle.packed(tmp_path / "packed") == oracle.padded(data)
    assert (tmp_path / "packed_metadata.json").is_file()
