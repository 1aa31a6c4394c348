"""`hmp.convert` and `hmp.disable_casts`.

As docs.habana.ai describes it (PyTorch Mixed Precision, Habana Mixed Precision), functions of torch, torch.Tensor and
torch.nn.functional are wrapped, and the wrappers cast. Tensors of the CPU are cast too.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

import torch

from habana_frameworks.torch.hpex.hmp.op_lists import DEFAULT_BF16, DEFAULT_FP32, FIRST_ONLY, Cast, casts, read_list

__all__ = ["convert", "disable_casts"]

_log = logging.getLogger(__name__)
_originals: dict[tuple[Any, str], Any] = {}
_switch = {"casting": True}
_CASTABLE = {torch.float32, torch.bfloat16}


def convert(
    opt_level: str = "O1",
    bf16_file_path: str | None = "",
    fp32_file_path: str | None = "",
    isVerbose: bool = False,  # noqa: N803 - Gaudi's name
) -> None:
    """Let torch's functions cast from now on, by the lists in two files (one name a line) or the default ones.

    A second call replaces the first one's lists. With `isVerbose` each call of a listed function is logged. Raises
    `FileNotFoundError` for a list that is not there, `NotImplementedError` for level O2, `ValueError` for others.
    """
    if opt_level == "O2":
        raise NotImplementedError("hmp.convert: opt_level O2 is not emulated: use O1 with lists of operators")
    if opt_level != "O1":
        raise ValueError(f"hmp.convert: opt_level is {opt_level!r}, not O1 or O2")
    chosen = casts(read_list(bf16_file_path, DEFAULT_BF16), read_list(fp32_file_path, DEFAULT_FP32))
    _restore()
    for (namespace, name), cast in chosen.items():
        _originals[namespace, name] = getattr(namespace, name)
        setattr(namespace, name, _wrapped(_originals[namespace, name], cast, isVerbose))


class disable_casts(contextlib.ContextDecorator):  # noqa: N801 - Gaudi's name
    """`with hmp.disable_casts():`, or as a decorator: no function casts. What is inside casts for itself."""

    def __init__(self) -> None:
        self.before: list[bool] = []

    def __enter__(self) -> None:
        self.before.append(_switch["casting"])
        _switch["casting"] = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _switch["casting"] = self.before.pop()


def _restore() -> None:
    for (namespace, name), original in _originals.items():
        setattr(namespace, name, original)
    _originals.clear()


def _wrapped(function: Callable[..., Any], cast: Cast, verbose: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        if not _switch["casting"]:
            return function(*arguments, **named)
        values = (*arguments, *named.values())
        dtype = _target(cast, values)
        if verbose and cast in (Cast.BF16, Cast.FP32):
            _log.info("hmp: %s runs in %s", function.__name__, cast.value)
        last = 1 if function.__name__ in FIRST_ONLY else len(values)
        changed = [_cast(value, dtype) if place < last else value for place, value in enumerate(values)]
        count = len(arguments)
        return function(*changed[:count], **dict(zip(named, changed[count:], strict=True)))

    return wrapper


def _target(cast: Cast, values: Iterable[Any]) -> Any:
    if cast is Cast.BF16:
        return torch.bfloat16
    if cast is Cast.FP32:
        return torch.float32
    dtypes = [each.dtype for each in _tensors(values) if each.dtype in _CASTABLE]
    if cast is Cast.FIRST:
        return dtypes[0] if dtypes else None
    return torch.float32 if torch.float32 in dtypes else torch.bfloat16


def _tensors(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _cast(value: Any, dtype: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to(dtype) if value.dtype in _CASTABLE and value.dtype is not dtype else value
    # A list of tensors; a size, a named tuple and the like stay what they are.
    return type(value)(_cast(each, dtype) for each in value) if type(value) in (list, tuple) else value
