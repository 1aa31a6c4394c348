"""The screen: the only place that prints."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, TextIO

from migrator.core.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["err", "on_terminal", "out", "out_bytes", "rich_console", "visible"]


def out(text: str = "") -> None:
    """Print a line of result to standard output."""
    print(text, file=_tolerant(sys.stdout))


def err(text: str) -> None:
    """Print a line for the person at the screen to standard error."""
    print(text, file=_tolerant(sys.stderr))


def out_bytes(data: bytes) -> None:
    """Write bytes to standard output exactly as they are, for instance a diff of files in several encodings."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)  # absent where a test replaced the stream by a text buffer
    if buffer is None:
        sys.stdout.write(data.decode("utf-8", "replace"))
        return
    buffer.write(data)
    buffer.flush()


def on_terminal() -> bool:
    """Whether a person sees standard output, not a file or another program."""
    return sys.stdout.isatty()


def rich_console(width: int | None = None) -> Console:
    """Return a rich console on standard output; `width` in columns, by default the terminal's."""
    from rich.console import Console  # noqa: PLC0415  # keeps `migrate --help` fast

    _tolerant(sys.stdout)
    return Console(width=width, highlight=False, soft_wrap=False)


def _tolerant(stream: TextIO) -> TextIO:
    """Let the stream print every character, escaped where its encoding lacks it (LANG=C)."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
        stream.reconfigure(errors="backslashreplace")
    return stream
