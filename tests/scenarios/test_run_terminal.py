"""`migrate run` on a terminal: the trainer has one too, and the user's stays usable."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.running import Migrate
from tests.scenarios.trainers import PRELUDE, Trainers, wait_until

LOSSES = "for step in range(1, 11): print(f'step: {step} loss: {8 / step}')\n"
SHOWS = "import os, sys\nprint([os.isatty(fd) for fd in range(3)], *os.get_terminal_size())\n"


class Terminal:
    """A terminal with a person: `screen` is all that was shown."""

    def __init__(self) -> None:
        self.person, self.programs = pty.openpty()
        self.resize(columns=80)
        self.screen = b""

    def start(self, trainers: Trainers, *words: str, **streams: int) -> subprocess.Popen[bytes]:
        """Run migrate in the foreground of this terminal."""
        process = subprocess.Popen(
            trainers.command(*words),
            cwd=trainers.folder,
            env=trainers.migrate.environment(),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(self.programs, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - one thread
            pass_fds=[self.programs],
            **({"stdin": self.programs, "stdout": self.programs, "stderr": self.programs} | streams),
        )
        assert isinstance(process, subprocess.Popen)
        return process

    def resize(self, columns: int) -> None:
        """Have so many columns; who runs in it is told by the kernel."""
        fcntl.ioctl(self.person, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def type(self, text: bytes) -> None:
        """What the person types."""
        os.write(self.person, text)

    def shows(self, text: bytes) -> bool:
        """Read what is there by now; whether `text` has been shown."""
        os.set_blocking(self.person, False)
        try:
            while block := os.read(self.person, 65536):
                self.screen += block
        except (BlockingIOError, OSError):
            pass
        return text in self.screen

    def end(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for the end, reading on."""
        wait_until(lambda: self.shows(b"\0") or process.poll() is not None)
        self.shows(b"")
        return process.returncode


@pytest.fixture
def trainers(migrate: Migrate, tmp_path: Path) -> Trainers:
    return Trainers(migrate, tmp_path)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    os.close(made.person)
    os.close(made.programs)


def test_the_trainer_sees_a_terminal_of_the_same_size(trainers: Trainers, terminal: Terminal) -> None:
    trainers.write(SHOWS)
    terminal.resize(columns=57)
    assert terminal.end(terminal.start(trainers, "train.py")) == 0
    assert terminal.screen == b"[True, True, True] 57 24\r\n"  # one carriage return, as without migrate


def test_a_stream_that_goes_elsewhere_is_no_terminal(trainers: Trainers, terminal: Terminal) -> None:
    trainers.write("import os, sys\nprint([os.isatty(fd) for fd in range(3)], file=sys.stderr)\nprint('out')")
    with (trainers.folder / "out").open("wb") as out:
        assert terminal.end(terminal.start(trainers, "train.py", stdout=out.fileno())) == 0
    assert terminal.screen == b"[True, False, True]\r\n"
    assert (trainers.folder / "out").read_bytes() == b"out\n"


def test_the_trainer_learns_of_a_new_size(trainers: Trainers, terminal: Terminal) -> None:
    trainers.write(
        PRELUDE
        + """
signal.signal(signal.SIGWINCH, lambda *_: print("now", os.get_terminal_size().columns))
note("trainer")
while not os.path.exists("go"):
    time.sleep(0.01)
"""
    )
    process = terminal.start(trainers, "train.py")
    trainers.noted("trainer")
    terminal.resize(columns=44)
    wait_until(lambda: terminal.shows(b"now 44\r\n"))
    (trainers.folder / "go").touch()
    assert terminal.end(process) == 0


def test_the_person_can_answer(trainers: Trainers, terminal: Terminal) -> None:
    trainers.write("print('hello', input('name? '))")
    process = terminal.start(trainers, "train.py")
    wait_until(lambda: terminal.shows(b"name? "))
    terminal.type(b"me\n")
    assert terminal.end(process) == 0
    assert b"hello me\r\n" in terminal.screen


def test_ctrl_c(trainers: Trainers, terminal: Terminal) -> None:
    trainers.write(PRELUDE + 'note("trainer")\ntime.sleep(600)\n')
    process = terminal.start(trainers, "train.py")
    trainers.noted("trainer")
    terminal.type(b"\x03")
    assert terminal.end(process) == 130
    assert terminal.screen.endswith(
        b"migrate: interrupted; the trainer ended with signal SIGINT, and nothing of it is left running\r\n"
    )


def test_a_terminal_that_a_killed_trainer_left_mute_is_put_back(trainers: Trainers, terminal: Terminal) -> None:
    trainers.write("import os, tty\ntty.setraw(0)\nos.kill(os.getpid(), 9)")
    before = termios.tcgetattr(terminal.programs)
    assert terminal.end(terminal.start(trainers, "train.py")) == 5
    assert termios.tcgetattr(terminal.programs) == before


@pytest.mark.parametrize("columns", [40, 80])
def test_the_loss_curve_is_drawn_in_the_terminal_s_width(trainers: Trainers, terminal: Terminal, columns: int) -> None:
    trainers.write(LOSSES)
    terminal.resize(columns)
    assert terminal.end(terminal.start(trainers, "train.py")) == 0
    lines = terminal.screen.decode().split("\r\n")
    frame = next(line for line in lines if "┌" in line)
    assert len(frame) == columns
    assert lines[-2] == "loss: first 8, last 0.8, minimum 0.8 at step 10, 10 points"


def test_few_losses_are_no_curve(trainers: Trainers, terminal: Terminal) -> None:
    trainers.write(LOSSES.replace("11", "5"))
    assert terminal.end(terminal.start(trainers, "train.py")) == 0
    assert "┌" not in terminal.screen.decode()


def test_a_message_begins_on_a_line_of_its_own(trainers: Trainers, terminal: Terminal) -> None:
    trainers.write("import sys\nsys.stderr.write('\\r 50%|#####')\nsys.exit(1)")
    assert terminal.end(terminal.start(trainers, "train.py")) == 5
    assert b"50%|#####\r\nmigrate: the trainer failed" in terminal.screen
