"""What Python is told to run."""

from __future__ import annotations

import pytest

from migrator.errors import UsageError
from migrator.runtime.launch import Launch, python_arguments, read_launch


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


@pytest.mark.parametrize("cards", [None, 1])
def test_one_card_needs_no_launcher(cards: int | None) -> None:
    assert python_arguments(Launch("train.py", False, ("a",)), cards) == ["train.py", "a"]
    assert python_arguments(Launch("train", True, ("a",)), cards) == ["-m", "train", "a"]


def test_several_cards_are_torchrun_s() -> None:
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "4"]
    assert python_arguments(Launch("train.py", False, ("--lr", "1")), 4) == [*start, "train.py", "--lr", "1"]
    assert python_arguments(Launch("train", True, ()), 4) == [*start, "-m", "train"]


def test_a_launcher_is_not_launched_by_another() -> None:
    with pytest.raises(UsageError, match="both start one process a card") as caught:
        python_arguments(Launch("torch.distributed.run", True, ("train.py",)), 2)
    assert "--nproc_per_node 2" in caught.value.hint
