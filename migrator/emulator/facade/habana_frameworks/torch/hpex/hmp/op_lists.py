"""Which functions of torch hmp wraps, and what it casts their tensors to."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Where there is no file. The list of bfloat16 has the matrix products and convolutions that docs.habana.ai names.
DEFAULT_BF16 = ("addmm", "bmm", "conv1d", "conv2d", "conv3d", "dot", "linear", "matmul", "mm", "mv")
DEFAULT_FP32 = ("batch_norm", "cross_entropy", "log_softmax", "nll_loss", "softmax", "topk")
# Lists speak of `add`; expressions call these methods of tensors.
_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "add": ("add", "__add__", "__radd__"),
    "div": ("div", "divide", "true_divide", "__truediv__", "__rtruediv__"),
    "iadd": ("__iadd__",),
    "idiv": ("__itruediv__",),
    "imul": ("__imul__",),
    "isub": ("__isub__",),
    "itruediv": ("__itruediv__",),
    "matmul": ("matmul", "__matmul__", "__rmatmul__"),
    "mul": ("mul", "multiply", "__mul__", "__rmul__"),
    "pow": ("pow", "__pow__", "__rpow__"),
    "radd": ("__radd__",),
    "rmul": ("__rmul__",),
    "rsub": ("rsub", "__rsub__"),
    "sub": ("sub", "subtract", "__sub__", "__rsub__"),
    "truediv": ("true_divide", "__truediv__", "__rtruediv__"),
}
# `a += b` takes the widest type, like `a + b`; torch keeps a's. add and its like need nothing: torch takes the widest.
_WIDEST = ("__iadd__", "__isub__", "__imul__", "__itruediv__")
# Of other operators that torch does not take mixed types for, the first tensor's type counts.
_FIRST = _names(
    "addbmm addmm addmv baddbmm bilinear bmm conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d "
    "cosine_similarity cross_entropy dot einsum group_norm instance_norm kl_div layer_norm linear matmul __matmul__ mm "
    "mse_loss mv prelu"
)
# Their other tensors are statistics that they update in place: a cast copy would take the update.
FIRST_ONLY = frozenset({"batch_norm", "instance_norm"})
_NAMESPACES = (torch, torch.Tensor, functional)


class Cast(Enum):
    """What a function's tensors of float32 and bfloat16 are cast to."""

    BF16 = "bfloat16"
    FP32 = "float32"
    WIDEST = "the widest type among them"
    FIRST = "the type of the first"


def read_list(path: str | None, default: tuple[str, ...]) -> tuple[str, ...]:
    """The names in a file, one a line; the default for no path. Raises `FileNotFoundError`."""
    return _names(Path(path).read_text(encoding="utf-8")) if path else default


def casts(bf16: tuple[str, ...], fp32: tuple[str, ...]) -> dict[tuple[Any, str], Cast]:
    """The cast of each function, by where it is and its name. A list has precedence over the two rules."""
    chosen = dict.fromkeys(_found(_FIRST), Cast.FIRST)
    chosen.update(dict.fromkeys(_found(_WIDEST), Cast.WIDEST))
    for names, cast in ((bf16, Cast.BF16), (fp32, Cast.FP32)):
        for name in names:
            places = list(_found(_OPERATORS.get(name, (name,))))
            if not places:
                warnings.warn(f"hmp: torch has no function {name!r} to run in {cast.value}", stacklevel=4)
            chosen.update(dict.fromkeys(places, cast))
    return chosen


def _found(names: Any) -> Iterator[tuple[Any, str]]:
    for name in names:
        for namespace in _NAMESPACES:
            if callable(getattr(namespace, name, None)):
                yield namespace, name
