"""What a few lines did that the device counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from migrator.emulator.counting import counters


@contextmanager
def counted() -> Iterator[counters.Counts]:
    """Count within the block, and not after it, whatever it raises."""
    counts = counters.start()
    try:
        yield counts
    finally:
        counters.stop()
