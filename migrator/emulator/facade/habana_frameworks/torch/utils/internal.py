"""Emulated: which mode this process is in."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

import torch

from migrator.emulator.names.not_emulated import missing
from migrator.emulator.profile import current

__all__ = ["is_lazy", "lazy_only"]
__getattr__ = missing(__name__)

_logger = logging.getLogger(__name__)
_P = ParamSpec("_P")


def is_lazy() -> bool:
    """Whether operators are gathered into graphs (PT_HPU_LAZY_MODE, read once)."""
    return current().lazy


def lazy_only(function: Callable[_P, None]) -> Callable[_P, None]:
    """In lazy mode the function itself; in others one that does nothing and logs so at its first call.

    (Gaudi's logs it when it is imported, whether it is called or not.)
    """
    if is_lazy():
        return function
    called: list[bool] = []

    @functools.wraps(function)
    def without_effect(*args: _P.args, **kwargs: _P.kwargs) -> None:
        # Within torch.compile, logging would break the graph.
        if not torch.compiler.is_compiling() and not called:
            called.append(True)
            _logger.warning("%s has no effect: only lazy mode has step marks (said once)", function.__name__)

    return without_effect
