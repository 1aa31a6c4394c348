"""How a trainer's end is named."""

from __future__ import annotations

import signal

import pytest

from migrator.runtime.exit_status import describe_status, hint_for


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (3, "exit code 3"),
        (-signal.SIGKILL, "signal SIGKILL"),
        (-signal.SIGSEGV, "signal SIGSEGV"),
        (-200, "signal 200"),
    ],
)
def test_words(status: int, words: str) -> None:
    assert describe_status(status) == words


def test_signals_that_mean_something() -> None:
    assert "memory" in hint_for(-signal.SIGKILL)
    assert hint_for(-signal.SIGUSR1) == hint_for(-200) == hint_for(9) == ""
