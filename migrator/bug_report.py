"""Write an unexpected failure to a file, so that the screen needs to show its path only."""

from __future__ import annotations

import platform
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from migrator import __version__


def write_bug_report(error: BaseException, argv: Sequence[str]) -> Path:
    """Write the traceback to a new file in the temporary folder and return its path. Raises `OSError`."""
    lines = [
        f"migrate {__version__}, Python {platform.python_version()}, {platform.platform()}\n",
        f"arguments: {list(argv)!r}\n\n",
        *traceback.format_exception(error),
    ]
    text = "".join(lines).encode("utf-8", "backslashreplace")  # paths may hold bytes that are no text
    with tempfile.NamedTemporaryFile("wb", prefix="migrate-bug-", suffix=".log", delete=False) as file:
        file.write(text)
    return Path(file.name)
