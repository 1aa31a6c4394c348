"""The errors in what processes print: the last lines of their tracebacks. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COLOUR = re.compile(r"\x1b\[[\d;]*m")  # Python 3.13 colours tracebacks on a terminal
# torch puts [rank0]: before the lines of a process, torchrun [default0]: and mpirun --tag-output [1,0]<stderr>:
_RANK = r"(?:\[[\w,]+\](?:<\w+>)?: ?)*"
_ERROR = re.compile(_RANK + r"((?:\w+\.)*\w*(?:Error|Exception): \S.*)")
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")
_LONGEST = 500


class ErrorLines:
    """The last different errors, each once, without the rank of the process that printed it."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._lines: dict[str, None] = {}

    def take(self, line: str) -> None:
        """Remember a line that is an error."""
        if "Error: " not in line and "Exception: " not in line and "\x1b" not in line:
            return  # nearly all lines
        if found := _ERROR.fullmatch(_COLOUR.sub("", line).rstrip()):
            error = found[1][:_LONGEST]
            self._lines.pop(error, None)
            self._lines[error] = None
            if len(self._lines) > self._count:
                del self._lines[next(iter(self._lines))]

    def lines(self) -> list[str]:
        """The errors, oldest first."""
        return list(self._lines)

    def among(self, lines: Sequence[str]) -> bool:
        """Whether one of the errors can be seen in `lines`."""
        return any(error in _COLOUR.sub("", line) for error in self._lines for line in lines)

    @property
    def missing_module(self) -> str:
        """The module that the last error says is not installed, or ""."""
        found = _NO_MODULE.fullmatch(self.lines()[-1]) if self._lines else None
        return found[1] if found else ""
