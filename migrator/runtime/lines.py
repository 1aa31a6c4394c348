"""Lines out of a stream of bytes that arrives in pieces."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

LONGEST = 4096  # bytes of a line that are looked at


class LineSplitter:
    """Hands each finished line to `take`, decoded, without its end.

    A progress bar rewrites its line with carriage returns: each rewriting counts as a line. Of a longer line only the
    first `LONGEST` bytes are kept, so that a stream without any line ends costs no memory.
    """

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest = b""

    def feed(self, block: bytes) -> None:
        """Take the next bytes."""
        *whole, rest = (self._rest + block).replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            self._hand_over(line)
        self._rest = rest[:LONGEST]

    @property
    def inside_a_line(self) -> bool:
        """Whether the last line has no end yet."""
        return bool(self._rest)

    def close(self) -> None:
        """The stream has ended; what came after the last line end is a line too."""
        self._hand_over(self._rest)
        self._rest = b""

    def _hand_over(self, line: bytes) -> None:
        if line:
            self._take(line[:LONGEST].decode("utf-8", "replace"))


class LastLines:
    """The last lines that were handed to it."""

    def __init__(self, count: int) -> None:
        self._lines: deque[str] = deque(maxlen=count)

    def take(self, line: str) -> None:
        """Remember a line, unless it is blank; of a long one the beginning."""
        if line.strip():
            self._lines.append(line.rstrip()[:500])

    def lines(self) -> list[str]:
        """The lines, oldest first."""
        return list(self._lines)
