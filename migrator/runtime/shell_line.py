"""A command as one line for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence


def shell_line(command: Sequence[str], variables: Mapping[str, str]) -> str:
    """The command and the variables it adds to the environment, quoted; `env` sets them in any shell."""
    settings = [f"{name}={value}" for name, value in variables.items()]
    return shlex.join([*(["env", *settings] if settings else []), *command])
