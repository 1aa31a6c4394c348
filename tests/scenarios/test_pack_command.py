"""`migrate pack`: what it prints, what it refuses, and how it ends."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migrator.cli import main
from migrator.commands.pack_mode import ALGORITHMS
from migrator.errors import ExitCode
from migrator.packing.algorithms.solve import Algorithm
from tests.packing import oracle
from tests.packing.made_data import Kind, random_rows, write_data, write_shard
from tests.packing.plain_packing import change, pack_plainly
from tests.scenarios.running import Migrate

LENGTHS = [[5, 9, 32, 1, 17], [28, 3, 3, 12, 20], [7, 7, 1]]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Unpacked shards in ./data of the current directory."""
    monkeypatch.chdir(tmp_path)
    return write_data(tmp_path / "data", LENGTHS).relative_to(tmp_path)


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What stands behind the name of each printed line."""
    split = (line.strip().split("  ", 1) for line in capsys.readouterr().out.splitlines())
    return {parts[0]: parts[-1].strip() for parts in split}


@pytest.mark.usefixtures("data")
def test_what_is_said_of_a_packed_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "data", "out", "--max-per-row", "3"]) == ExitCode.DONE

    said = lines(capsys)
    manifest = json.loads(Path("out/manifest.json").read_text())
    rows = manifest["rows"]
    assert next(iter(said)) == "packed: out"
    assert said["sequences"] == "13, each exactly once"
    assert said["rows"] == f"{rows} of 32 tokens, in 3 files"
    assert said["factor"] == f"{13 / rows:.5f} sequences a row"
    assert said["filled"] == f"{145 / rows / 32:.2%} of all tokens"
    assert said["bound"] == "no packing needs fewer rows"
    assert said["a row holds"].startswith(f"at most 3 sequences, {manifest['predictions_per_row']} masked tokens")
    assert re.fullmatch(r"[0-9.]+: reading [0-9.]+, planning [0-9.]+, writing [0-9.]+", said["seconds"])
    assert re.fullmatch(r"[0-9,]+ sequences/s", said["speed"])
    assert said["metadata"] == "out_metadata.json"
    assert Path("out_metadata.json").is_file()
    assert "left out" not in said
    assert oracle.packed(Path("out")) == oracle.padded(Path("data"))


@pytest.mark.usefixtures("data")
def test_again_it_says_so_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    main(["pack", "data", "out"])
    before = oracle.everything(Path("out"))
    capsys.readouterr()

    assert main(["pack", "data", "out", "--workers", "1", "--memory", "512M"]) == ExitCode.DONE

    printed = capsys.readouterr().out
    assert "nothing to do: it was packed before, from the same input with the same options\n" in printed
    assert "seconds" not in printed
    assert oracle.everything(Path("out")) == before


@pytest.mark.usefixtures("data")
def test_other_options_for_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    main(["pack", "data", "out"])

    assert main(["pack", "data", "out", "--seed", "1"]) == ExitCode.USAGE
    assert "out exists and holds something else" in capsys.readouterr().err


@pytest.mark.usefixtures("data")
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "data", "out", "--json"]) == ExitCode.DONE

    said = json.loads(capsys.readouterr().out)
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert {key: said[key] for key in manifest if key != "plan"} == {k: v for k, v in manifest.items() if k != "plan"}
    assert said["plan"] == {key: value for key, value in manifest["plan"].items() if key != "patterns"}
    assert (said["output"], said["metadata"], said["changed"], said["left_out"]) == (
        "out",
        "out_metadata.json",
        True,
        [],
    )
    assert set(said["seconds"]) == {"read", "plan", "write"}

    main(["pack", "data", "out", "--json"])
    assert json.loads(capsys.readouterr().out)["changed"] is False


def test_options_reach_the_packing(data: Path) -> None:
    options = ["--max-seq-len", "64", "--max-predictions", "6", "--max-per-row", "any", "--algorithm", "lpfhp"]
    options += ["--time-limit", "2.5", "--seed", "7", "--shards", "2", "--skip-bad"]

    assert main(["pack", str(data), *options, "out"]) == ExitCode.DONE

    request = json.loads(Path("out/manifest.json").read_text())["request"]
    assert {key: value for key, value in request.items() if key != "input"} == {
        "row_length": 64,
        "most_masked": 6,
        "skip_bad": True,
        "per_row": None,
        "unlimited": True,
        "algorithm": "lpfhp",
        "seconds": 2.5,
        "seed": 7,
        "shards": 2,
    }


def test_bad_rows(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(oracle.shards(data)[1], "input_mask", (2, 0), 0)

    assert main(["pack", "data", "out"]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert error.startswith("migrate: data/part_001.hdf5: row 2 ")
    assert "--skip-bad" in error

    assert main(["pack", "data", "out", "--skip-bad"]) == ExitCode.DONE
    assert lines(capsys)["left out"] == "1 of the input's rows and files, listed in out/quarantine.json"


def test_more_masked_tokens_than_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = random_rows(np.random.default_rng(1), [4] * 16, Kind(32, 3))
    rows["masked_lm_positions"][:], rows["masked_lm_ids"][:] = [1, 2, 3], 7
    write_shard(tmp_path / "in" / "a.hdf5", rows)

    main(["pack", str(tmp_path / "in"), str(tmp_path / "out"), "--max-per-row", "any"])

    assert lines(capsys)["a row holds"] == "at most 8 sequences, 24 masked tokens (3 before: none is lost)"


@pytest.mark.usefixtures("data")
def test_a_plan_that_the_clock_ended(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from migrator.packing import planning  # noqa: PLC0415
    from migrator.packing.algorithms.solve import Solved, solve  # noqa: PLC0415

    def stopped(*args: Any) -> Solved:
        return Solved(**{**vars(solve(*args)), "stopped_by_clock": True})

    monkeypatch.setattr(planning, "solve", stopped)
    main(["pack", "data", "out"])

    assert "note: the time limit ended the planning; another machine may find another plan" in capsys.readouterr().out


WRONG = {
    "no output": (["data"], "there is no OUTPUT to pack into"),
    "an output for --check": (["data", "out", "--check"], "OUTPUT does not go with --check"),
    "an output for --plan-only": (["data", "out", "--plan-only"], "OUTPUT does not go with --plan-only"),
    "--against alone": (["data", "out", "--against", "x"], "--against goes with --check only"),
    "--plot alone": (["data", "out", "--plot", "x.png"], "--plot goes with --plan-only only"),
    "--seed for --check": (["data", "--check", "--seed", "0"], "--seed does not go with --check"),
    "--shards for a plan": (["data", "--plan-only", "--shards", "3"], "--shards does not go with --plan-only"),
    "two algorithms": (["data", "out", *["--algorithm", "lpfhp"] * 2], "--algorithm was given more than once"),
    "nnlshp with 4": (["data", "out", "--algorithm", "nnlshp", "--max-per-row", "4"], "nnlshp packs 3 sequences a row"),
    "nnlshp with any": (["data", "out", "--algorithm", "nnlshp", "--max-per-row", "any"], "nnlshp packs 3 sequences"),
    "a histogram": (["x.json", "out"], "x.json is a histogram, not data"),
    "a length for a histogram": (["x.json", "--plan-only", "--max-seq-len", "9"], "a histogram says itself how long"),
    "no such input": (["nothing", "out"], "nothing does not exist"),
    "unpacked data": (["data", "--check"], "data/part_000.hdf5: its rows are not packed"),
    "too short rows": (["data", "out", "--max-seq-len", "31"], "row 2 is longer than 31 tokens"),
}


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(("words", "what"), WRONG.values(), ids=WRONG)
def test_what_does_not_go_together(words: list[str], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", *words]) == ExitCode.USAGE

    message, hint = capsys.readouterr().err.splitlines()
    assert what in message
    assert hint.strip()
    assert sorted(path.name for path in Path().iterdir()) == ["data"]


VALUES = ["--max-per-row=0", "--max-per-row=some", "--max-seq-len=-1", "--max-predictions=x", "--seed=-1", "--shards=0"]
VALUES += ["--time-limit=0", "--time-limit=nan", "--time-limit=inf", "--memory=10", "--memory=1X", "--workers=0"]


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("word", [*VALUES, "--algorithm=best", "--check --plan-only"])
def test_values_that_are_none(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["pack", "data", "out", *word.split()])

    assert ended.value.code == ExitCode.USAGE
    assert "migrate pack: error: argument " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "size"),
    [("1G", 2**30), ("512M", 2**29), ("1.5g", 3 * 2**29), ("2GiB", 2**31), ("300000K", 300000 * 2**10)],
)
def test_sizes(text: str, size: int) -> None:
    from migrator.commands.pack_options import size as parsed  # noqa: PLC0415

    assert parsed(text) == size


def test_the_command_line_knows_every_algorithm() -> None:
    assert list(ALGORITHMS) == [algorithm.value for algorithm in Algorithm]


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("words", [["data", "--seed", "1", "out"], ["--seed", "1", "data", "out"]])
def test_options_may_stand_anywhere(words: list[str]) -> None:
    assert main(["pack", *words]) == ExitCode.DONE
    assert oracle.packed(Path("out")) == oracle.padded(Path("data"))


# --- plans


@pytest.mark.usefixtures("data")
def test_plan_only_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "data", "--plan-only", "--json"]) == ExitCode.DONE

    said = json.loads(capsys.readouterr().out)
    assert said["data"] == {"row_length": 32, "sequences": 13, "tokens": 145}
    assert [plan["algorithm"] for plan in said["plans"]] == list(ALGORITHMS)
    assert sorted(path.name for path in Path().iterdir()) == ["data"]


@pytest.mark.usefixtures("data")
def test_plan_of_some_algorithms_for_longer_rows(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--algorithm", "lpfhp", "--algorithm", "spfhp", "--max-seq-len", "64", "--max-per-row", "any"]

    assert main(["pack", "data", "--plan-only", *words, "--json"]) == ExitCode.DONE

    said = json.loads(capsys.readouterr().out)
    assert [plan["algorithm"] for plan in said["plans"]] == ["lpfhp", "spfhp"]
    assert (said["data"]["row_length"], said["limit"]["at_most"]) == (64, None)


def test_plan_of_a_histogram(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.json").write_text("[0, 4, 0, 6]")

    assert main(["pack", str(tmp_path / "x.json"), "--plan-only", "--algorithm", "lpfhp"]) == ExitCode.DONE

    assert "10 sequences of 3.2 tokens" in capsys.readouterr().out


def test_plan_of_bad_rows_and_files(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(oracle.shards(data)[1], "input_mask", (2, 1), 0)
    (data / "part_009.hdf5").write_text("no HDF5")

    assert main(["pack", "data", "--plan-only", "--skip-bad", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["data"]["sequences"] == 12
    (data / "part_009.hdf5").unlink()
    assert main(["pack", "data", "--plan-only"]) == ExitCode.USAGE
    assert "part_001.hdf5: row 2 has a gap in its input_mask" in capsys.readouterr().err


# --- checks


@pytest.mark.usefixtures("data")
def test_a_sound_folder(capsys: pytest.CaptureFixture[str]) -> None:
    main(["pack", "data", "out"])
    capsys.readouterr()

    assert main(["pack", "--check", "out", "--against", "data"]) == ExitCode.DONE

    printed = capsys.readouterr().out
    assert printed.startswith("checked: out\n")
    assert "  compared     with 13 sequences of data\n" in printed
    assert printed.endswith("\nnothing is wrong with it\n")


def test_a_folder_that_lost_sequences(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack_plainly(data, Path("plain"), [0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 7])

    assert main(["pack", "--check", "plain", "--against", "data"]) == ExitCode.CHECK_FOUND

    printed = capsys.readouterr().out
    assert (
        "fault: 3 times, a row holds a sequence that the packed folder lacks\n"
        "       data/part_000.hdf5 row 3\n"
        "       data/part_001.hdf5 row 1\n"
        "       data/part_002.hdf5 row 2\n"
    ) in printed
    assert "fault: 1 time, a row holds a sequence more often than the original\n       part_00" in printed
    assert printed.endswith("2 kinds of faults found\n")


def test_faults_of_files_and_many_of_rows(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack_plainly(data, Path("plain"), [0] * 20)
    Path("plain_metadata.json").unlink()
    for path in oracle.shards(Path("plain")):
        for row in range(len(oracle.arrays(path)["positions"])):
            change(path, "positions", (row, 0), 1)

    assert main(["pack", "--check", "plain"]) == ExitCode.CHECK_FOUND

    printed = capsys.readouterr().out
    assert "fault: 7 times, a row has positions that do not restart with each sequence\n" in printed
    assert "       part_001.hdf5 row 0\n       and 2 more\n" in printed
    assert "fault: plain_metadata.json: is missing\n" in printed


def test_a_check_as_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack_plainly(data, Path("plain"), range(1, 13))

    assert main(["pack", "--check", "plain", "--against", "data", "--json"]) == ExitCode.CHECK_FOUND

    said = json.loads(capsys.readouterr().out)
    assert said["faults"] == [
        {
            "what": "holds a sequence that the packed folder lacks",
            "count": 1,
            "first": [{"file": "data/part_000.hdf5", "row": 0}],
        }
    ]
    assert (said["folder"], said["against"], said["compared"], said["sequences"]) == ("plain", "data", 13, 12)


# --- processes


@pytest.mark.usefixtures("data")
def test_interrupted_it_says_how_to_go_on(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def interrupting(*_: Any) -> Iterator[Callable[[str, int, int], None]]:
        def progress(phase: str, done: int, total: int) -> None:
            if phase == "writing":
                signal.raise_signal(signal.SIGINT)

        yield progress

    monkeypatch.setattr("migrator.commands.pack_progress.packing_progress", interrupting)
    assert main(["pack", "data", "out"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "migrate: interrupted; run the same command again to continue\n"
    assert (Path("out").exists(), Path("out.partial").exists()) == (False, True)

    folder = Path().absolute()
    monkeypatch.undo()  # the directory, too
    assert main(["pack", str(folder / "data"), str(folder / "out")]) == ExitCode.DONE
    assert oracle.packed(folder / "out") == oracle.padded(folder / "data")
    assert not (folder / "out.partial").exists()


def test_as_a_process_and_without_a_terminal(migrate: Migrate, data: Path) -> None:
    done = migrate(data.absolute().parent, "pack", "data", "out")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("packed: out\n")
    assert all(len(line) < 80 for line in done.out.splitlines())


def test_names_that_the_terminal_cannot_show(migrate: Migrate, data: Path) -> None:
    shutil.move(data, "daten-ü")

    done = migrate.with_variables(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")(
        data.absolute().parent, "pack", "daten-ü", "gepackt-ü"
    )

    assert (done.code, done.err) == (0, "")
    assert oracle.packed(Path("gepackt-ü")) == oracle.padded(Path("daten-ü"))
