"""Where migrate's words end and the script's begin."""

from __future__ import annotations

import pytest

from migrator.cli import parser


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
        ("", None, ""),
        ("--", None, ""),
    ],
)
def test_words(words: str, target: str | None, launch: str) -> None:
    args = parser().parse_args(["run", *words.split()])
    assert (args.target, args.launch) == (target, launch.split())


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
    ],
)
def test_wrong_words(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["run", *words.split()])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
