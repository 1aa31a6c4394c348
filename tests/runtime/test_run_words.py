"""Where migrate's words end and the script's begin."""

from __future__ import annotations

import pytest

from migrator.cli import parser
from migrator.commands.run_options import LAUNCHERS, LEVELS
from migrator.recipes import LEVELS as KNOWN_LEVELS
from migrator.runtime.launchers import Launcher


@pytest.mark.parametrize(
    ("words", "target", "launch"),
    [
        ("train.py --lr 1 --cards 3", None, "train.py --lr 1 --cards 3"),
        ("--cards 2 train.py --lr 1", None, "train.py --lr 1"),
        ("--cards 2 -- train --lr 1", None, "train --lr 1"),
        ("-- train.py -- --print", None, "train.py -- --print"),
        ("train.py -- --print", None, "train.py -- --print"),
        ("bert --cards 2 -- train.py --lr 1", "bert", "train.py --lr 1"),
        ("--cards 2 bert -- train.py", "bert", "train.py"),
        ("bert train.py --cards 2", "bert", "train.py --cards 2"),
        ("bert --cards 2 -m pkg.train --lr 1", "bert", "-m pkg.train --lr 1"),
        ("--cards 2 -m pkg.train --cards 3", None, "-m pkg.train --cards 3"),
        ("--cards 2 -- -m pkg.train --cards 3", None, "-m pkg.train --cards 3"),
        ("-m pkg -- a -m b", None, "-m pkg -- a -m b"),
        ("-m", None, "-m"),
        ("bert", "bert", ""),
        ("bert --config phase1 -- --seed=1", "bert", "--seed=1"),
        ("--config phase1 bert", "bert", ""),
        ("", None, ""),
        ("--", None, ""),
    ],
)
def test_words(words: str, target: str | None, launch: str) -> None:
    args = parser().parse_args(["run", *words.split()])
    assert (args.target, args.launch) == (target, launch.split())


@pytest.mark.parametrize(
    ("words", "dashed"),
    [
        ("bert --config phase1 -- --seed=1", True),
        ("bert --config phase1 train.py", False),
        ("--config phase1 -m train -- x", False),
        ("bert --config phase1", False),
    ],
)
def test_whether_a_dash_dash_stood_before_them(words: str, dashed: bool) -> None:
    assert parser().parse_args(["run", *words.split()]).dashed is dashed


def test_settings_on_both_sides_of_the_target_add_up() -> None:
    words = ["run", "--set", "a=1", "bert", "--config", "c", "--set=b=-1", "--data=x"]
    args = parser().parse_args(words)
    assert (args.set, args.data, args.target) == (["a=1", "b=-1"], "x", "bert")


@pytest.mark.parametrize("words", ["--cards 2 bert --print -- train.py", "bert --cards 2 --print train.py"])
def test_options_count_on_both_sides_of_the_target(words: str) -> None:
    args = parser().parse_args(["run", *words.split()])
    assert (args.cards, args.print, args.target, args.launch) == (2, True, "bert", ["train.py"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("bert train --lr 1", "'train' is neither an option nor a script: write -- before what is to run"),
        ("bert --lr", "unrecognized arguments: --lr"),
        ("--cards 0 train.py", "'0' is no number of cards"),
        ("--cards two train.py", "'two' is no number of cards"),
        ("--device tpu train.py", "invalid choice: 'tpu'"),
        ("--count --print train.py", "not allowed with argument"),
        ("--mode fast train.py", "invalid choice: 'fast'"),
        ("--launcher slurm train.py", "invalid choice: 'slurm'"),
        ("--level upstream bert", "invalid choice: 'upstream'"),
    ],
)
def test_wrong_words(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["run", *words.split()])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_choices_are_what_there_is() -> None:
    """They are written out in the command, which has to start fast."""
    assert LEVELS == KNOWN_LEVELS
    assert tuple(each.value for each in Launcher) == LAUNCHERS
