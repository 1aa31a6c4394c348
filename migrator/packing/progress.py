"""What a long work says of itself while it runs."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """`done` of `total` sequences are through a phase, such as "reading"."""

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Called from one thread, up to some times a second."""


def unheard(phase: str, done: int, total: int) -> None:
    """Where nobody watches."""
