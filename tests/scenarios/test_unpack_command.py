"""`migrate unpack`: the way back, as people type it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from migrator.cli import main
from migrator.errors import ExitCode
from tests.packing import oracle
from tests.packing.made_data import write_data
from tests.packing.plain_packing import change, pack_plainly
from tests.scenarios.running import Migrate

LENGTHS = [[5, 9, 32, 1, 17], [28, 3, 3, 12, 20], [7, 7, 1]]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Unpacked shards in ./data, packed ones in ./packed."""
    monkeypatch.chdir(tmp_path)
    data = write_data(tmp_path / "data", LENGTHS)
    assert main(["pack", "data", "packed"]) == ExitCode.DONE
    return data


def test_there_and_back(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    assert main(["unpack", "packed", "out"]) == ExitCode.DONE

    printed = capsys.readouterr().out.splitlines()
    assert printed[:3] == [
        "unpacked: out",
        "  sequences    13, each in a row of its own, in 3 files",
        "  a row holds  32 tokens, 6 masked tokens",
    ]
    assert re.fullmatch(r"  seconds      [0-9.]+", printed[3])
    assert re.fullmatch(r"  speed        [0-9,]+ sequences/s", printed[4])
    assert oracle.padded(Path("out")) == oracle.padded(data)


@pytest.mark.usefixtures("data")
def test_json_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    words = ["--max-seq-len", "40", "--max-predictions", "9", "--workers", "1", "--memory", "512M", "--json"]

    assert main(["unpack", "packed", *words, "out"]) == ExitCode.DONE

    said = json.loads(capsys.readouterr().out)
    assert said.pop("seconds") > 0
    assert said == {"output": "out", "files": 3, "sequences": 13, "row_length": 40, "masked_width": 9}


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["packed", "packed"], "packed exists"),
        (["data", "out"], "data/part_000.hdf5: its rows are not packed"),
        (["nothing", "out"], "nothing does not exist"),
        (["packed", "out", "--max-seq-len", "31"], "a sequence has 32 tokens, rows of 31 were asked for"),
    ],
)
@pytest.mark.usefixtures("data")
def test_what_cannot_be_done(words: list[str], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["unpack", *words]) == ExitCode.USAGE

    message, hint = capsys.readouterr().err.splitlines()
    assert what in message
    assert hint.strip()
    assert not Path("out").exists()


def test_a_broken_folder_of_another_packer(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = pack_plainly(data, Path("plain"))
    change(oracle.shards(folder)[0], "next_sentence_weights", (1, 0), 0)

    assert main(["unpack", "plain", "out"]) == ExitCode.USAGE

    error = capsys.readouterr().err
    assert error.startswith("migrate: plain/part_000.hdf5: row 1 has next_sentence_weights other than 1")
    assert "`migrate pack --check` names all faults" in error


def test_as_a_process(migrate: Migrate, data: Path) -> None:
    done = migrate(data.parent, "unpack", "packed", "out")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("unpacked: out\n")
