"""Show what is under way, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A function that shows a line on standard error while the block runs; silent where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda _line: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where it is shown

    console = Console(stderr=True)
    with console.status("") as status:
        yield status.update
