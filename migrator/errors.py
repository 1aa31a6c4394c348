"""Expected failures and the exit code each one ends with.

The library raises these and never exits or prints; `migrator.cli` maps them to a message and an exit code in
one place. A message says what happened, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; they are part of the interface."""

    DONE = 0
    CHECK_FOUND = 1
    USAGE = 2
    UPSTREAM = 3
    LAYER = 4
    TRAINER = 5
    BUG = 70
    INTERRUPTED = 130


class MigrateError(Exception):
    """An expected failure. `hint` says what to do about it, in one line."""

    exit_code: ExitCode = ExitCode.USAGE
    details: Sequence[str] = ()  # lines to be shown between the message and the hint

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MigrateError):
    """Wrong arguments or configuration (exit 2)."""


class OutputError(MigrateError):
    """The output is locked, changed by hand, not writable or full (exit 2)."""


class UpstreamError(MigrateError):
    """The upstream is not reachable, or is not what the pin says (exit 3)."""

    exit_code = ExitCode.UPSTREAM


class LayerError(MigrateError):
    """A layer does not apply: the upstream drifted or a diff conflicts (exit 4)."""

    exit_code = ExitCode.LAYER


class TrainerError(MigrateError):
    """The trainer that was run failed (exit 5). `details` are the last lines it printed."""

    exit_code = ExitCode.TRAINER

    def __init__(self, message: str, *, details: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.details = details
