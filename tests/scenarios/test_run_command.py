"""`migrate run`: what is started, what comes through, and what is refused."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.emulator.preconditions.real_installation import FACADE
from tests.report.made_output import make_output
from tests.scenarios.running import Migrate
from tests.scenarios.trainers import Trainers

FAILURE = """
import sys
for line in range(30):
    print("line", line, file=sys.stderr)
print("result")
sys.exit(3)
"""


@pytest.fixture
def trainers(migrate: Migrate, tmp_path: Path) -> Trainers:
    return Trainers(migrate, tmp_path)


def test_a_trainer_s_streams_come_through_byte_for_byte(trainers: Trainers) -> None:
    trainers.write(
        r"""
        import os, sys
        os.write(1, bytes(range(256)) * 1000)
        os.write(2, b"to standard error\r\n\xff")
        """
    )
    command = trainers.command("train.py")
    done = subprocess.run(
        command, cwd=trainers.folder, env=trainers.migrate.environment(), capture_output=True, check=True
    )
    assert done.stdout == bytes(range(256)) * 1000
    assert done.stderr == b"to standard error\r\n\xff\n"


def test_arguments_standard_input_and_folder_are_the_user_s(trainers: Trainers) -> None:
    trainers.write("import os, sys\nprint(sys.argv, os.getcwd(), sys.stdin.read())")
    words = ("train.py", "--cards", "a b", "--", "$HOME", "")
    done = subprocess.run(
        trainers.command(*words),
        cwd=trainers.folder,
        env=trainers.migrate.environment(),
        input=b"given",
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == f"{list(words)} {trainers.folder} given\n"


def test_output_comes_when_it_is_printed(trainers: Trainers) -> None:
    trainers.write("import sys\nprint('first')\nsys.stdin.read()")
    command, env = trainers.command("train.py"), trainers.migrate.environment()
    with subprocess.Popen(
        command, cwd=trainers.folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"first\n"  # while the trainer still waits for its input
        process.communicate()
    assert process.returncode == 0


def test_a_module(trainers: Trainers) -> None:
    trainers.write("import sys\nprint('module', sys.argv[1:])", "trainer.py")
    for words in (("-m", "trainer", "--lr", "1"), ("--", "-m", "trainer", "--lr", "1")):
        done = trainers.run(*words)
        assert (done.code, done.out, done.err) == (0, "module ['--lr', '1']\n", "")


def test_a_failing_trainer_is_exit_code_5_with_its_last_lines(trainers: Trainers) -> None:
    trainers.write(FAILURE)
    done = trainers.run("--log", "all.log", "train.py")
    assert (done.code, done.out) == (5, "result\n")
    said = done.err.splitlines()
    assert said[:30] == [f"line {line}" for line in range(30)]
    assert said[30:32] == ["migrate: the trainer failed with exit code 3", "  the last lines of its standard error:"]
    assert said[32:] == [*(f"    line {line}" for line in range(10, 30)), "  all it printed is in all.log"]
    assert sorted((trainers.folder / "all.log").read_text().splitlines()) == sorted([*said[:30], "result"])


def test_an_error_that_a_launcher_s_report_hides_is_said_before_it(trainers: Trainers) -> None:
    raised = "import sys\nprint('[rank1]: ValueError: no shards', file=sys.stderr)\n"
    trainers.write(raised + FAILURE)
    said = trainers.run("train.py").err.splitlines()
    start = said.index("migrate: the trainer failed with exit code 3")
    assert said[start + 1 : start + 3] == ["  the errors of its processes:", "    ValueError: no shards"]
    assert said[start + 3] == "  the last lines of its standard error:"
    trainers.write("raise ValueError('no shards')")
    assert "the errors of its processes" not in trainers.run("train.py").err


def test_a_missing_module_is_named_with_what_lists_it(trainers: Trainers) -> None:
    trainers.write("import no_such_module")
    last = trainers.run("train.py").err.splitlines()[-1]
    assert last.startswith("  no_such_module is not installed for this Python: a port's requirements.txt lists")


def test_standard_output_is_shown_when_standard_error_is_empty(trainers: Trainers) -> None:
    trainers.write("print('out of luck'); raise SystemExit(1)")
    assert "the last lines of its standard output:\n    out of luck\n" in trainers.run("train.py").err


def test_a_trainer_that_is_killed(trainers: Trainers) -> None:
    trainers.write("import os\nos.kill(os.getpid(), 9)")
    done = trainers.run("train.py")
    assert done.code == 5
    assert done.err.startswith("migrate: the trainer failed with signal SIGKILL\n  it printed nothing\n")
    assert "out of memory" in done.err


def test_one_stream_keeps_its_order_where_both_go_to_the_same_place(trainers: Trainers) -> None:
    trainers.write("import sys\nfor at in range(200):\n    print(at, file=(sys.stdout, sys.stderr)[at % 2])")
    command, env = trainers.command("train.py"), trainers.migrate.environment()
    done = subprocess.run(
        command, cwd=trainers.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
    )
    assert done.stdout.decode().split() == [str(at) for at in range(200)]


def test_the_mode_is_set_unless_the_user_has_set_it(trainers: Trainers) -> None:
    trainers.write("import os\nprint(os.environ.get('PT_HPU_LAZY_MODE'))")
    assert trainers.run("train.py").out == "None\n"
    assert trainers.run("--mode", "lazy", "train.py").out == "1\n"
    own = Trainers.__new__(Trainers)
    own.folder, own.migrate = trainers.folder, trainers.migrate.with_variables(PT_HPU_LAZY_MODE="0")
    assert own.run("train.py").out == "0\n"
    assert own.run("--mode", "lazy", "train.py").out == "1\n"


def test_the_printed_line_does_what_the_run_does(trainers: Trainers) -> None:
    trainers.write("import os, sys\nprint(sys.argv, os.environ['PT_HPU_LAZY_MODE'])")
    words = ("--mode", "lazy", "train.py", "it's", "a b")
    printed = trainers.run("--print", *words)
    assert (printed.code, printed.err, printed.out.count("\n")) == (0, "", 1)
    pasted = subprocess.run(["sh", "-c", printed.out], cwd=trainers.folder, capture_output=True, text=True, check=True)
    assert pasted.stdout == trainers.run(*words).out == "['train.py', \"it's\", 'a b'] 1\n"


def test_several_cards_are_printed_as_torchrun_s_command(trainers: Trainers) -> None:
    trainers.write("")
    command = shlex.split(trainers.run("--cards", "8", "--print", "train.py", "--lr", "1").out)
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=8"]
    assert command[command.index(sys.executable) :] == [sys.executable, *start, "train.py", "--lr", "1"]


def test_the_losses_are_drawn_on_demand_and_standard_output_stays_the_trainer_s(trainers: Trainers) -> None:
    trainers.write("for step in range(1, 4): print(f'step: {step} loss: {8 / step}')")
    done = trainers.run("--curve", "train.py")
    assert done.out == "step: 1 loss: 8.0\nstep: 2 loss: 4.0\nstep: 3 loss: 2.6666666666666665\n"
    assert done.err.endswith("loss: first 8, last 2.66667, minimum 2.66667 at step 3, 3 points\n")
    assert "┤" in done.err
    assert "\x1b" not in done.err
    assert trainers.run("train.py").err == ""


def test_no_losses_to_draw(trainers: Trainers) -> None:
    trainers.write("print('hello')")
    assert trainers.run("--curve", "train.py").err == "migrate: no loss was found in what the trainer printed\n"


def test_a_reader_that_has_seen_enough_ends_the_trainer(trainers: Trainers) -> None:
    trainers.write("while True: print('y' * 1000)")
    process = trainers.start("train.py")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"y" * 1000 + b"\n"
    process.stdout.close()
    assert process.wait(60) == 5
    assert b"the program that read its output ended before it did" in process.stderr.read()
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_does_not_end_the_trainer(trainers: Trainers) -> None:
    trainers.write("print('x' * 100000)\nopen('result', 'w').write('done')")
    done = trainers.run("--log", "/dev/full", "train.py")
    assert (done.code, done.out) == (2, "x" * 100000 + "\n")
    assert done.err.startswith("migrate: cannot write /dev/full: No space left on device\n")
    assert (trainers.folder / "result").read_text() == "done"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "there is no script to run"),
        (("nowhere.py",), "there is no script nowhere.py in "),
        (("--", "software"), "software is a folder without a __main__.py"),
        (("--", "train.sh"), "train.sh is not a Python script: it begins with #!/bin/sh"),
        (("software", "--", "train.py"), "software has not been migrated here"),
        (("--count", "train.py"), "--count: only for the emulated device"),
        (("--chip", "gaudi2", "--autocast", "cpu", "train.py"), "--chip, --autocast: only for the emulated device"),
        (("--json", "x", "train.py"), "nothing is to be counted"),
        (("--release", "0.1", "train.py"), "release '0.1' is not known"),
        (("--log", "nowhere/x", "train.py"), "cannot write nowhere/x: No such file or directory"),
        (("--cards", "2", "-m", "torch.distributed.run", "train.py"), "would both start one process a card"),
        (("--device", "emulated", "train.py"), "the emulated device will not hide it"),
        (("--device", "auto", "train.py"), "this machine has no card"),
    ],
)
def test_refusals(trainers: Trainers, words: tuple[str, ...], said: str) -> None:
    if "auto" in words and [*Path("/dev").glob("accel/accel*"), *Path("/dev").glob("hl*")]:
        pytest.skip("this machine has a card")
    trainers.write("print('started')")
    trainers.write("#!/bin/sh\n", "train.sh")
    done = trainers.run(*words)
    assert (done.code, done.out) == (2, "")
    message, hint = done.err.splitlines()
    assert message.startswith("migrate: ")
    assert said in message
    assert hint.startswith("  ")


def test_hpu_without_its_software(migrate: Migrate, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print('started')")
    done = migrate(tmp_path, "run", "--device", "hpu", "train.py")
    assert (done.code, done.out) == (2, "")
    assert "(habana_frameworks) is not installed" in done.err


def test_force_hides_the_installed_software(trainers: Trainers) -> None:
    pytest.importorskip("torch")
    trainers.write("import os, sys\nprint(os.environ['MIGRATE_HPU_FORCE'], sys.path[1])")
    done = trainers.run("--device", "emulated", "--force", "train.py")
    assert (done.code, done.out) == (0, f"1 {FACADE}\n")
    assert "say nothing of Gaudi's speed or numerics" in done.err


class TestTarget:
    """A TARGET: the script is one of the output's."""

    @pytest.fixture
    def ported(self, trainers: Trainers) -> Path:
        """An output at trainers/bert, with a script that the user put there."""
        output = trainers.folder / "trainers" / "bert"
        make_output(output)
        (output / "extra.py").write_text("import os, sys\nprint(os.getcwd(), sys.argv[1:], __file__)")
        return output

    @pytest.mark.parametrize("script", ["extra.py", "trainers/bert/extra.py"])
    def test_the_script_is_found_in_the_output_and_runs_in_this_folder(
        self, trainers: Trainers, ported: Path, script: str
    ) -> None:
        done = trainers.run("bert", "--", script, "--lr")
        assert (done.code, done.err) == (0, "")
        assert done.out.split() == [str(trainers.folder), "['--lr']", str(ported / "extra.py")]

    def test_a_module_of_the_output(self, trainers: Trainers, ported: Path) -> None:
        assert trainers.run("bert", "-m", "extra", "1").out.split()[-1] == str(ported / "extra.py")

    def test_of_two_scripts_the_ported_one_runs_and_says_so(self, trainers: Trainers, ported: Path) -> None:
        trainers.write("print('wrong')", "extra.py")
        done = trainers.run("bert", "extra.py")
        assert str(ported / "extra.py") in done.out
        assert done.err.startswith(f"migrate: there are two extra.py: this runs the one in {ported}")

    def test_a_script_from_elsewhere_is_refused(self, trainers: Trainers, ported: Path) -> None:
        trainers.write("print('wrong')", "own.py")
        done = trainers.run("bert", "own.py")
        assert (done.code, done.out) == (2, "")
        assert f"there is no script own.py in the migrated output {ported}" in done.err
        assert "its scripts: extra.py, packed.py, train.py" in done.err

    def test_it_runs_for_what_it_was_ported_for(
        self, trainers: Trainers, ported: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = trainers.folder / "other"
        monkeypatch.setattr("tests.report.made_output.SETTINGS", {"target": "release=1.19 mode=lazy chip=gaudi2"})
        make_output(other)
        (other / "show.py").write_text("import os\nprint(os.environ['PT_HPU_LAZY_MODE'])")
        assert trainers.run("other", "show.py").out == "1\n"
        assert "MIGRATE_HPU" not in trainers.run("--print", "other", "show.py").out


def test_the_search_path_of_the_user_is_kept(trainers: Trainers) -> None:
    trainers.write("import os\nprint(os.environ['PYTHONPATH'])")
    assert trainers.run("train.py").out.strip().split(os.pathsep)[0] == str(trainers.folder / "software")
