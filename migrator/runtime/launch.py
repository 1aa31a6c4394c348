"""What Python is to run: a script or a module, with its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from migrator.errors import UsageError


@dataclass(frozen=True)
class Launch:
    """A script's path, or a module's name when `is_module`, and the arguments it gets."""

    name: str
    is_module: bool
    arguments: tuple[str, ...]

    def at(self, path: str) -> Launch:
        """The same script, found at `path`."""
        return replace(self, name=path)


def read_launch(words: Sequence[str]) -> Launch:
    """Read `SCRIPT ARGS...` or `-m MODULE ARGS...`. Raises `UsageError` when neither stands there."""
    if not words:
        raise UsageError(
            "there is no script to run",
            hint="migrate run [TARGET] [OPTIONS] -- SCRIPT ARGS..., -m MODULE ARGS... in place of the script, "
            "or --config NAME",
        )
    if words[0] == "-m":
        if len(words) == 1 or words[1].startswith("-"):
            raise UsageError("there is no module after -m", hint="migrate run [OPTIONS] -m MODULE ARGS...")
        return Launch(words[1], True, tuple(words[2:]))
    if words[0].startswith("-"):
        raise UsageError(
            f"{words[0]} stands where the script is expected",
            hint="after `--` comes the script (or -m MODULE), then its arguments; migrate's own options come before it",
        )
    return Launch(words[0], False, tuple(words[1:]))
