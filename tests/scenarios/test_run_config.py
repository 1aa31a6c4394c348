"""`migrate run --config`: what is printed, what runs, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.made_output import MINIMAL, PERFORMANCE, make_output
from tests.scenarios.running import Done, Migrate, git
from tests.scenarios.trainers import Trainers
from tests.upstream.running import free_port

SETTINGS = {"recipe": "own", "target": "release=1.19 mode=lazy chip=gaudi2 style=native"}
OWN = """
cards = 8
recipe_cache = "{out}/graphs"
[folders]
data = "holds the shards"
out = "gets the results"
[entry.show]
script = "show.py"
local_rank = ["--local_rank"]
[entry.make]
script = "show.py"
writes = ["output_dir"]
[entry.train]
script = "show.py"
reads = ["input_dir"]
checkpoints = { folder = "output_dir", files = "ckpt_*.pt", resume = "resume", instead = "begin_with" }
[entry.pack]
script = "untouched.py"
one_process = true
[[configuration]]
name = "full"
summary = "all of it"
entry = "show"
level = "minimal"
arguments = { input_dir = "{data}/shards", model = "{tree}/model.json", steps = 7, fp16 = true, batch = 4 }
chips.gaudi3 = { batch = 8 }
[[configuration]]
name = "shards"
summary = "makes the shards"
entry = "make"
level = "minimal"
cards = 1
arguments = { output_dir = "{data}/made" }
[[configuration]]
name = "begin"
summary = "on shards"
entry = "train"
level = "minimal"
cards = 1
arguments = { input_dir = "{data}/made", output_dir = "{out}/results/" }
[[configuration]]
name = "go-on"
summary = "on shards, once more"
entry = "train"
level = "minimal"
cards = 1
after = "begin"
arguments = { input_dir = "{data}/shards", output_dir = "{out}/results/", resume = true }
[[configuration]]
name = "dense"
summary = "on packed data"
entry = "pack"
level = "packed"
after = "full"
"""
SHOW = """
import os, sys
for name in ("PT_HPU_LAZY_MODE", "HABANA_VISIBLE_MODULES", "OWN"):
    print(name, os.environ.get(name))
print(sys.argv)
"""
# What Open MPI's program does as far as a trainer on one machine can tell.
MPIRUN = f"""#!{sys.executable}
import os, subprocess, sys
count = int(sys.argv[sys.argv.index("-n") + 1])
program = sys.argv[sys.argv.index({sys.executable!r}):]
def start(rank):
    ranks = {{f"OMPI_COMM_WORLD_{{name}}": str(rank) for name in ("RANK", "LOCAL_RANK")}}
    sizes = {{f"OMPI_COMM_WORLD_{{name}}": str(count) for name in ("SIZE", "LOCAL_SIZE")}}
    return subprocess.Popen(program, env={{**os.environ, **ranks, **sizes}})
sys.exit(max(process.wait() for process in [start(rank) for rank in range(count)]))
"""


class Own:
    """An output at trainers/own of a recipe with configurations, on a machine that has Gaudi's software."""

    def __init__(self, trainers: Trainers) -> None:
        self.folder = trainers.folder
        self.output = self.folder / "trainers" / "own"
        make_output(self.output)
        (self.output / "show.py").write_text(SHOW)
        data = self.folder / "data"
        (data / "trainers").mkdir(parents=True)
        (data / "trainers" / "own.toml").write_text(OWN)
        self.trainers = trainers
        trainers.migrate = trainers.migrate.with_variables(MIGRATE_DATA=str(data))

    def run(self, *words: str) -> Done:
        return self.trainers.run(*words)

    def printed(self, *words: str) -> tuple[dict[str, str], list[str]]:
        """The variables and the command of `--print`."""
        done = self.run("own", "--print", "--data", "D", "--out", "O", *words)
        assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
        line = shlex.split(done.out)
        start = next(at for at, word in enumerate(line) if at and "=" not in word)
        assert line[0] == "env"
        return dict(word.split("=", 1) for word in line[1:start]), line[start:]


@pytest.fixture
def own(migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Own:
    monkeypatch.setattr("tests.report.made_output.SETTINGS", SETTINGS)
    return Own(Trainers(migrate, tmp_path))


ARGUMENTS = ["--input_dir=D/shards", "--model=trainers/own/model.json", "--steps=7", "--fp16", "--batch=4"]


def test_the_command_and_its_environment(own: Own) -> None:
    variables, command = own.printed("--config", "full")
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=8"]
    assert command == [sys.executable, *start, "trainers/own/show.py", *ARGUMENTS]
    cache = {"PT_HPU_RECIPE_CACHE_CONFIG": "O/graphs,false,1024"}
    assert variables == {"PT_HPU_LAZY_MODE": "1", **cache, "PYTHONUNBUFFERED": "1"}


def test_one_card_needs_no_launcher_and_four_are_named(own: Own) -> None:
    variables, command = own.printed("--config", "full", "--cards", "1")
    assert command == [sys.executable, "trainers/own/show.py", *ARGUMENTS]
    assert variables == {"PT_HPU_LAZY_MODE": "1", "PYTHONUNBUFFERED": "1"}
    assert own.printed("--config", "full", "--cards", "4")[0]["HABANA_VISIBLE_MODULES"] == "0,1,2,3"


def test_launchers_and_their_options(own: Own) -> None:
    _, command = own.printed("--config", "full", "--launcher", "launch")
    # torch 2.5, which 1.19 ships, passes --local-rank, and this script knows --local_rank
    assert command[1:5] == ["-m", "torch.distributed.launch", "--nproc_per_node=8", "--use_env"]
    variables, command = own.printed("--config", "full", "--launcher", "mpirun", "--cards", "2")
    assert command[:5] == ["mpirun", "-n", "2", "--bind-to", "core"]
    assert (variables["MASTER_ADDR"], variables["MASTER_PORT"]) == ("localhost", "12345")
    options = "--launcher-options=--bind-to none -x 'A B'"
    _, command = own.printed("--config", "full", "--launcher", "mpirun", options)
    assert command[:8] == ["mpirun", "-n", "8", "--bind-to", "none", "-x", "A B", sys.executable]


def test_release_mode_and_chip(own: Own) -> None:
    variables, command = own.printed("--config", "full", "--release", "1.12", "--mode", "eager", "--chip", "gaudi")
    assert (variables["PT_HPU_LAZY_MODE"], variables["PT_RECIPE_CACHE_PATH"]) == ("2", "O/graphs")
    assert "--batch=4" in command
    assert "--batch=8" in own.printed("--config", "full", "--chip", "gaudi3")[1]


def test_settings_and_arguments_of_the_user_s(own: Own) -> None:
    words = ("--set", "steps=20", "--set", "input_dir=/x y", "--set", "fp16=false", "--", "--steps=3", "--", "-v")
    arguments = ["--input_dir=/x y", "--model=trainers/own/model.json", "--steps=20", "--batch=4", "--steps=3"]
    assert own.printed("--config", "full", *words)[1][-7:] == [*arguments, "--", "-v"]


def test_a_folder_that_nothing_needs_may_be_left_out(own: Own) -> None:
    done = own.run("own", "--config", "full", "--print", "--set", "input_dir=X")
    assert (done.code, "RECIPE_CACHE" in done.out) == (0, False)


def test_in_the_output_s_own_folder_the_line_is_the_published_one(own: Own) -> None:
    words = ("run", "--device", "hpu", ".", "--config", "full", "--cards", "1", "--data", "/d/", "--print")
    done = own.trainers.migrate(own.output, *words)
    assert shlex.split(done.out)[-6:-3] == ["show.py", "--input_dir=/d/shards", "--model=./model.json"]


def test_the_printed_line_does_what_the_run_does(own: Own) -> None:
    words = ("own", "--config", "full", "--cards", "1", "--data", "it's a $HOME", "--out", "O", "--", "*", "a b")
    printed = own.run(words[0], "--print", *words[1:])
    environment = {**own.trainers.migrate.environment(), "OWN": "mine"}
    command = ["sh", "-c", printed.out]
    pasted = subprocess.run(command, cwd=own.folder, env=environment, capture_output=True, text=True, check=True)
    done = own.trainers.migrate.with_variables(OWN="mine")(own.folder, "run", "--device", "hpu", *words)
    assert done.out == pasted.stdout
    assert "PT_HPU_LAZY_MODE 1\nHABANA_VISIBLE_MODULES None\nOWN mine\n" in done.out
    assert '"--input_dir=it\'s a $HOME/shards"' in done.out
    assert done.out.endswith("'*', 'a b']\n")


def test_a_line_for_a_gaudi_can_be_printed_where_there_is_none(own: Own, migrate: Migrate) -> None:
    data = own.trainers.migrate.environment()["MIGRATE_DATA"]
    words = ("run", "own", "--config", "full", "--data", "D", "--out", "O", "--device", "hpu", "--print")
    done = migrate.with_variables(MIGRATE_DATA=data)(own.folder, *words)
    assert done.code == 0
    assert "MIGRATE_HPU" not in done.out


def test_the_list(own: Own) -> None:
    done = own.run("own", "--configs")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "full    minimal  8 cards  all of it",
        "shards  minimal  1 card   makes the shards",
        "begin   minimal  1 card   on shards",
        "go-on   minimal  1 card   on shards, once more; after begin",
        "dense   packed   1 card   on packed data; after full",
        "",
        "--data DIR holds the shards",
        "--out DIR  gets the results",
    ]
    assert own.run("own", "--config", "list").out == done.out
    assert own.run("trainers/own", "--configs").out == done.out
    listed = json.loads(own.run("own", "--configs", "--json").out)
    assert [each["name"] for each in listed] == ["full", "shards", "begin", "go-on", "dense"]
    assert listed[0]["folders"] == ["data"]
    assert listed[0]["chips"] == {"gaudi3": {"batch": "8"}}


def test_the_list_needs_nothing_migrated(migrate: Migrate, tmp_path: Path) -> None:
    for words in (("--configs",), ("nvidia-bert", "--config", "list")):
        done = migrate(tmp_path, "run", *words)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("phase1-bf16 ")


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (("--config", "ful"), "own has no configuration 'ful'", "did you mean full?"),
        (("--config", "full"), "configuration full needs --data DIR", "data holds the shards"),
        (("--config", "full", "--data", ""), "--data is empty", "name a folder"),
        (("--config", "full", "--set", "step=3"), "--set step: the configuration has no such", "did you mean steps?"),
        (("--config", "full", "train.py"), "train.py is a script too", "come after --"),
        (("--config", "full", "-m", "train"), "-m is a script too", "come after --"),
        (
            ("--config", "dense", "--level", "minimal"),
            "needs level packed, and --level minimal is asked",
            "leave --level minimal out",
        ),
        (("--config", "dense", "--cards", "2"), "configuration dense is for one process", "leave --cards"),
        (("--config", "dense", "--launcher", "launch"), "configuration dense is for one process", "leave --cards"),
        (("--set", "steps=3", "--", "show.py"), "--set: only for a configuration", "--config"),
        (("--launcher-options=-x", "--", "show.py"), "options are for a launcher", "--launcher"),
        (("--launcher", "mpirun", "--launcher-options", "'", "--", "show.py"), "No closing quotation", "quote it"),
        (("--launcher", "mpirun", "--", "show.py"), "there is no mpirun on the path", "torchrun"),
        (("--configs", "--json", "x"), "it is printed", "with no FILE"),
        (("--configs", "--", "show.py"), "--configs lists", ""),
        (("--config", "full", "--count", "--json"), "--json names no file", "--json FILE"),
    ],
)
def test_refusals(own: Own, words: tuple[str, ...], said: str, hint: str) -> None:
    own.trainers.migrate = own.trainers.migrate.with_variables(PATH="/usr/bin:/bin")
    done = own.run("own", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err.splitlines()[0]
    assert hint in done.err


def test_a_lower_output_is_refused_with_the_level_that_it_needs(own: Own) -> None:
    make_output(own.folder / "low", "minimal")
    done = own.run("low", "--config", "dense")
    assert (done.code, done.out) == (2, "")
    assert f"configuration dense needs level packed, and {own.folder / 'low'} is at minimal" in done.err
    assert "migrate apply makes it: --level packed" in done.err


class TestBefore:
    """What a script needs is looked for before it is started, and what is in its way."""

    @pytest.fixture
    def data(self, own: Own) -> Path:
        for name in ("made", "shards"):
            (own.folder / "D" / name).mkdir(parents=True)
        return own.folder / "D"

    @staticmethod
    def leave(own: Own, *names: str) -> None:
        (own.folder / "O" / "results").mkdir(parents=True, exist_ok=True)
        for name in names:
            (own.folder / "O" / "results" / name).touch()

    @staticmethod
    def refused(own: Own, *words: str) -> str:
        done = own.run("own", "--data", "D", "--out", "O", *words)
        assert (done.code, done.out) == (2, "")
        assert len(done.err.splitlines()) == 2
        return done.err

    @staticmethod
    def starts(own: Own, *words: str) -> bool:
        done = own.run("own", "--data", "D", "--out", "O", *words)
        return done.code == 0 and "PT_HPU_LAZY_MODE" in done.out

    def test_all_is_there(self, own: Own, data: Path) -> None:
        assert self.starts(own, "--config", "begin")
        self.leave(own, "ckpt_4.pt")
        assert self.starts(own, "--config", "go-on")

    def test_missing_data_name_the_folder_and_what_makes_it(self, own: Own) -> None:
        said = self.refused(own, "--config", "begin")
        assert "there is no D/made, which configuration begin reads (--input_dir)\n" in said
        assert "migrate run own --config shards makes it; --set input_dir=... names another one" in said
        self.leave(own, "ckpt_4.pt")
        said = self.refused(own, "--config", "go-on")
        assert "there is no D/shards" in said
        assert "--data holds the shards; --set input_dir=..." in said

    def test_a_folder_of_the_user_s_is_the_one_that_counts(self, own: Own, data: Path) -> None:
        assert "there is no nowhere, " in self.refused(own, "--config", "begin", "--set", "input_dir=nowhere")
        (data / "made").rmdir()
        assert self.starts(own, "--config", "begin", "--", "--input-dir", "elsewhere")
        assert self.starts(own, "--config", "begin", "--set", "input_dir=D")

    def test_going_on_needs_a_checkpoint(self, own: Own, data: Path) -> None:
        self.leave(own, "other.pt")
        said = self.refused(own, "--config", "go-on")
        assert "go-on goes on from a checkpoint, and O/results/ has no ckpt_*.pt\n" in said
        assert "run --config begin with the same --out first" in said
        assert "leave --resume out" in self.refused(own, "--config", "begin", "--", "--resume")
        assert self.starts(own, "--config", "go-on", "--", "--begin_with=other.pt")
        assert self.starts(own, "--config", "go-on", "--", "--output_dir=elsewhere")

    def test_beginning_does_not_mix_with_an_earlier_run(self, own: Own, data: Path) -> None:
        self.leave(own, "ckpt_4.pt")
        said = self.refused(own, "--config", "begin")
        assert "begin begins anew, and O/results/ has checkpoints, such as ckpt_4.pt\n" in said
        assert "add -- --resume; " in said
        assert self.starts(own, "--config", "begin", "--", "--resume")
        assert self.starts(own, "--config", "begin", "--set", "output_dir=elsewhere")

    def test_a_printed_line_may_be_for_another_machine(self, own: Own) -> None:
        assert "--input_dir=D/made" in own.printed("--config", "begin")[1]


class TestLevel:
    """--level: a stage runs from a folder of its own."""

    def test_a_stage_runs_and_the_output_stays_as_it_is(self, own: Own) -> None:
        (own.output / "train.py").write_text("raise SystemExit('mine, and not finished')")
        before = git(own.output, "status", "--short", "--branch")
        done = own.run("own", "--level", "minimal", "--", "untouched.py")
        folder = next((own.output / ".git" / "migrate" / "levels").iterdir())
        assert done.code == 0
        note = f"stage minimal runs from {folder}; the output, which is at performance, stays as it is"
        assert done.err == f"migrate: {note}\n"
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert files == MINIMAL.keys()
        assert all((folder / path).read_bytes() == entry.data for path, entry in MINIMAL.items())
        assert os.access(folder / "run.sh", os.X_OK)
        assert not os.access(folder / "train.py", os.X_OK)
        assert git(own.output, "status", "--short", "--branch") == before
        assert (own.output / "train.py").read_text().startswith("raise")

    def test_the_last_stage_is_the_output_itself(self, own: Own) -> None:
        done = own.run("own", "--level", "performance", "--print", "untouched.py")
        assert (done.code, done.err) == (0, "")
        assert done.out.endswith(" trainers/own/untouched.py\n")
        assert PERFORMANCE["untouched.py"].data == (own.output / "untouched.py").read_bytes()

    def test_what_was_changed_in_the_folder_of_a_stage_is_put_back(self, own: Own) -> None:
        own.run("own", "--level", "packed", "--print", "untouched.py")
        (folder,) = (own.output / ".git" / "migrate" / "levels").iterdir()
        (folder / "packed.py").write_text("changed")
        (folder / "windows.py").unlink()
        (folder / "cache.bin").write_text("of a run")
        own.run("own", "--level", "packed", "--print", "untouched.py")
        assert (folder / "packed.py").read_text().startswith("def pack()")
        assert (folder / "windows.py").exists()
        assert (folder / "cache.bin").exists()

    def test_a_configuration_of_a_stage(self, own: Own) -> None:
        done = own.run("own", "--level", "packed", "--config", "dense", "--print")
        assert (done.code, done.err) == (0, "")
        assert shlex.split(done.out)[-1].startswith("trainers/own/.git/migrate/levels/packed-")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("low", "--level", "packed", "untouched.py"), "has no stage packed: it is at minimal"),
            (("--level", "packed", "show.py"), "--level is for a TARGET"),
            (("own", "--level", "minimal", "--", "show.py"), "there is no script show.py in the migrated output"),
        ],
    )
    def test_refusals(self, own: Own, words: tuple[str, ...], said: str) -> None:
        make_output(own.folder / "low", "minimal")
        done = own.run(*words)
        assert (done.code, done.out) == (2, "")
        assert said in done.err


needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")


@needs_torch
def test_the_sample_s_smoke_run_on_the_emulated_device(migrate: Migrate, sample_made: Path, tmp_path: Path) -> None:
    words = ("run", sample_made, "--config")
    alone = migrate.with_variables(OMP_NUM_THREADS="1")
    made = alone(tmp_path, *words, "data", "--data", "shards", "--set", "samples=64")
    assert (made.code, len([*(tmp_path / "shards").glob("*.hdf5")])) == (0, 4)
    settings = ("--set", "max_steps=12", "--", "--log_freq=1")
    done = alone(tmp_path, *words, "smoke", "--data", "shards", "--out", "results", *settings)
    assert done.code == 0, done.err
    losses = [json.loads(line)["loss"] for line in (tmp_path / "results" / "summary.jsonl").read_text().splitlines()]
    assert len(losses) == 12
    assert 7 < losses[0] < 8.5  # ln(1024) + ln(2) = 7.6
    assert losses[-1] < losses[0] - 0.5
    assert (tmp_path / "results" / "ckpt_12.pt").exists()


@needs_torch
@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["torchrun", "launch", "mpirun"])
def test_two_cards_by_each_launcher(migrate: Migrate, sample_made: Path, tmp_path: Path, launcher: str) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mpirun").write_text(MPIRUN)
    (tmp_path / "bin" / "mpirun").chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{migrate.environment()['PATH']}"
    port = str(free_port())
    alone = migrate.with_variables(OMP_NUM_THREADS="1", PATH=path, MASTER_PORT=port)  # which mpirun's processes take
    alone(tmp_path, "run", sample_made, "--config", "data", "--data", "d", "--set", "samples=32")
    own = (f"--launcher-options=--master_port={port}",) if launcher == "launch" else ()
    words = ("--config", "smoke", "--cards", "2", "--launcher", launcher, *own, "--data", "d", "--out", "o")
    done = alone(tmp_path, "run", sample_made, *words, "--set", "max_steps=2", "--", "--log_freq=1")
    assert done.code == 0, done.err
    assert "HABANA_VISIBLE_MODULES=0,1" in done.err
    assert len((tmp_path / "o" / "summary.jsonl").read_text().splitlines()) == 2  # rank 0 alone writes it
