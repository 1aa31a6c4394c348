"""Wording that several messages about an output share."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

_SHOWN = 5


def some_of(items: Sequence[str]) -> str:
    """The first items of a list, and how many more there are."""
    more = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def git_in(folder: Path) -> str:
    """How to run git in `folder`, to be pasted into a shell."""
    return f"git -C {shlex.quote(str(folder))}"
