"""Where migrate's own words end on the command line of `migrate run`, and the script's begin.

    migrate run [TARGET] [OPTIONS] -- SCRIPT ARGS...
    migrate run [TARGET] [OPTIONS] [--] -m MODULE ARGS...
    migrate run [TARGET] [OPTIONS] SCRIPT.py ARGS...
    migrate run [TARGET] [OPTIONS] --config NAME [-- ARGS...]

A first word that ends in .py is the script; any other one is the TARGET, and needs `--` or -m before what is to run.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

_SCRIPT = ".py"


def add_words(parser: argparse.ArgumentParser) -> None:
    """Let `parser` read TARGET into `target`, and the script or module with its arguments, as a list, into `launch`.

    `dashed` says whether a `--` stood before them.
    """
    parser.set_defaults(target=None, launch=[], dashed=False)
    parser.add_argument("-m", action=_Module, dest="module", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.add_argument("words", action=_Words, nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


class _Module(argparse.Action):
    """-m ends migrate's own options: everything after it is the module's."""

    def __call__(
        self, _: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: Any = None
    ) -> None:
        namespace.launch = ["-m", *values]


class _Words(argparse.Action):
    """All words from the first that is no option on. After a TARGET, options go on: they are parsed in turn."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: Any = None
    ) -> None:
        words: Sequence[str] = values
        if not words:
            return
        if namespace.launch:  # argparse lets -m have the words up to a `--`
            namespace.launch += words
        elif words[0] == "--":
            namespace.launch, namespace.dashed = list(words[1:]), True
        elif words[0].endswith(_SCRIPT):
            namespace.launch = list(words)
        elif namespace.target is None:
            namespace.target = words[0]
            parser.parse_args(words[1:], namespace)
        else:
            parser.error(f"{words[0]!r} is neither an option nor a script: write -- before what is to run")
