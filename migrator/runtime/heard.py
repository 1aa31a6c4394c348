"""What is kept of a stream that the trainer writes."""

from __future__ import annotations

from migrator.runtime.error_lines import ErrorLines
from migrator.runtime.lines import LastLines, LineSplitter
from migrator.runtime.loss_series import LossLog

_LAST = 20
_ERRORS = 4


class Heard:
    """The last lines of a stream, the last errors and the losses in it."""

    def __init__(self) -> None:
        self.last = LastLines(_LAST)
        self.errors = ErrorLines(_ERRORS)
        self.losses = LossLog()
        self.inside_a_line = False  # whether the stream ended without a line end
        self._splitter = LineSplitter(self._take)

    def feed(self, block: bytes) -> None:
        """Take the next bytes."""
        self._splitter.feed(block)

    def close(self) -> None:
        """The stream has ended."""
        self.inside_a_line = self._splitter.inside_a_line
        self._splitter.close()

    def _take(self, line: str) -> None:
        self.last.take(line)
        self.errors.take(line)
        self.losses.take(line)
