"""Show what is under way, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from migrator.console import visible


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A function that shows a line on standard error while the block runs; silent where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda _line: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where it is shown
    from rich.text import Text  # noqa: PLC0415

    with Console(stderr=True).status("") as status:
        # a Text, since a path or a server's message may hold what rich takes for markup
        yield lambda line: status.update(Text(visible(line)))
