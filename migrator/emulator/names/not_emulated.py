"""The error for names of Gaudi's Python package that the emulated device does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

LAZY_ONLY = "exists in lazy mode only: set PT_HPU_LAZY_MODE=1 before the first import"


class NotEmulatedError(AttributeError):
    """A name that Gaudi has, or had, and the emulated device has not. `hasattr` says no, as for any missing name."""


def missing(module: str, **reasons: str) -> Callable[[str], Any]:
    """A `__getattr__` for `module`, whose error names what was asked for; `reasons` say why, by name."""

    def __getattr__(name: str) -> NoReturn:  # noqa: N807 - what modules call it
        reason = reasons.get(name, "is not emulated")
        raise NotEmulatedError(f"{module}.{name} {reason}", name=name)

    return __getattr__
