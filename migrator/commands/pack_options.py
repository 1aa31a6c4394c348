"""The options that `migrate pack` and `migrate unpack` share, and what their values may be."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.packing.memory import Memory

ANY = "any"
_LEAST_MEMORY = 256 * 2**20  # what the interpreter and its libraries need, and some blocks of rows
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """--memory, --workers and --json."""
    parser.add_argument(
        "--memory", type=size, metavar="SIZE", help="what may be taken, such as 1G (default: 384M and 256M a worker)"
    )
    parser.add_argument("--workers", type=count, metavar="N", help="threads (default: as many as there are cores)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def memory_of(args: argparse.Namespace) -> Memory:
    """What --memory and --workers say."""
    from migrator.packing.memory import Memory, default_memory  # noqa: PLC0415
    from migrator.packing.parallel import cores  # noqa: PLC0415

    workers = args.workers or cores()
    return Memory(args.memory or default_memory(workers), workers)


def count(text: str) -> int:
    """A whole number from 1 up."""
    return _whole(text, 1)


def natural(text: str) -> int:
    """A whole number from 0 up."""
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    if not re.fullmatch(r"[0-9]+", text) or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number from {least} up")
    return int(text)


def per_row(text: str) -> int | str:
    """A whole number from 1 up, or "any"."""
    if text == ANY:
        return text
    if not re.fullmatch(r"[0-9]+", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number from 1 up, or {ANY}")
    return int(text)


def seconds(text: str) -> float:
    """A number above 0."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number of seconds above 0")
    return found


def size(text: str) -> int:
    """Bytes: a number with K, M, G or T, powers of 1024."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMGT]?)(?:i?B)?", text, re.IGNORECASE)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: give a size such as 512M or 1.5G")
    bytes_ = int(float(found[1]) * _UNITS[found[2].upper()])
    if bytes_ < _LEAST_MEMORY:
        raise argparse.ArgumentTypeError(f"{text!r}: give {_LEAST_MEMORY // 2**20}M or more")
    return bytes_
