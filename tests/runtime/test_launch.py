"""What Python is told to run."""

from __future__ import annotations

import pytest

from migrator.errors import UsageError
from migrator.runtime.launch import Launch, read_launch


def test_a_script_and_its_arguments() -> None:
    assert read_launch(["train.py", "--lr", "1", "-m", "--"]) == Launch("train.py", False, ("--lr", "1", "-m", "--"))


def test_a_module_and_its_arguments() -> None:
    assert read_launch(["-m", "pkg.train", "--lr", "1"]) == Launch("pkg.train", True, ("--lr", "1"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no script to run"),
        (["-m"], "no module after -m"),
        (["-m", "--lr"], "no module after -m"),
        (["--cards", "2"], "--cards stands where the script is expected"),
    ],
)
def test_words_that_name_nothing_to_run(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read_launch(words)
    assert caught.value.hint
