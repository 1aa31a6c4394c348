"""The options of `migrate run`."""

from __future__ import annotations

import argparse
from pathlib import Path

NO_FILE = Path()  # --json that names none
LEVELS = ("minimal", "packed", "performance")
LAUNCHERS = ("torchrun", "launch", "mpirun")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all options; what stands beside them is read by `run_words`."""
    _add_configuration(parser.add_argument_group("what is run"))
    _add_device(parser.add_argument_group("the device"))
    _add_shown(parser.add_argument_group("what is shown"))


def _add_configuration(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--level", choices=LEVELS, help="the stage of TARGET that runs (default: the output as it is)")
    group.add_argument("--config", metavar="NAME", help="a configuration of TARGET's recipe, in place of SCRIPT ARGS")
    group.add_argument("--configs", action="store_true", help="list the configurations (also: --config list)")
    group.add_argument("--data", metavar="DIR", help="the folder that a configuration calls data")
    group.add_argument("--out", metavar="DIR", help="the folder that a configuration calls out")
    group.add_argument(
        "--set", action="append", metavar="NAME=VALUE", help="another value for an argument of the configuration"
    )


def _add_device(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--device",
        choices=("auto", "hpu", "emulated"),
        default="auto",
        help="auto (default): hpu where Gaudi's software and a card are, emulated where its software is not installed",
    )
    group.add_argument("--cards", type=_cards, metavar="N", help="more than one: one process a card")
    group.add_argument("--launcher", choices=LAUNCHERS, help="what starts several processes (default: torchrun)")
    group.add_argument(
        "--launcher-options", metavar="TEXT", help="the launcher's own options, in place of the usual ones"
    )
    group.add_argument("--release", help="release of Gaudi's software (default: TARGET's, else the newest known)")
    group.add_argument(
        "--mode",
        choices=("lazy", "eager", "compile"),
        help="sets PT_HPU_LAZY_MODE (default: the environment's, else TARGET's, else the release's own)",
    )
    group.add_argument(
        "--chip",
        choices=("gaudi", "gaudi2", "gaudi3"),
        help="the chip that is emulated, and whose sizes a configuration takes (default: TARGET's, or gaudi2)",
    )
    group.add_argument(
        "--autocast", choices=("gaudi", "cpu"), help="emulated: whose lists of operators autocast uses (default: gaudi)"
    )
    group.add_argument("--force", action="store_true", help="emulate although Gaudi's own software is installed")


def _add_shown(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--curve", action="store_true", help="draw the loss curve (on a terminal it is by default)")
    group.add_argument("--log", type=Path, metavar="FILE", help="also write all that the trainer prints to FILE")
    group.add_argument(
        "--json",
        nargs="?",
        type=Path,
        const=NO_FILE,
        metavar="FILE",
        help="with --count: also write the counts to FILE, as JSON; with --configs: print JSON, no FILE",
    )
    either = group.add_mutually_exclusive_group()
    either.add_argument("--count", action="store_true", help="emulated: count host reads, step marks and new graphs")
    either.add_argument(
        "--print",
        action="store_true",
        help="print what would be run, and run nothing; with --device hpu on any machine",
    )


def _cards(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of cards: 1 or more")
    return int(text)
