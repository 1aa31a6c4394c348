"""What an operator's schema says, as far as a kernel for the emulated device depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

# Their index tensors may lie on the host.
HOST_INDICES = frozenset({"aten::index", "aten::_index_put_impl_"})
# The CPU's kernel gives the tensor that it writes the size of the result, where others would refuse to broadcast.
RESIZED_IN_PLACE = frozenset({"aten::addbmm_"})


@dataclass(frozen=True)
class Argument:
    """One argument; `variable` is its name in generated code."""

    name: str
    variable: str
    type: str
    keyword_only: bool
    required: bool
    written: frozenset[str]

    @property
    def is_tensor(self) -> bool:
        """One tensor, never absent."""
        return self.type == "Tensor"

    @property
    def has_tensors(self) -> bool:
        """Also an optional tensor, or a list."""
        return "Tensor" in self.type

    @property
    def is_lowered(self) -> bool:
        """Whether a CPU kernel gets another value than the caller gave."""
        return self.has_tensors or "Device" in self.type


@dataclass(frozen=True)
class Operator:
    """An operator and its arguments, in order."""

    overload: Any
    name: str
    base: str
    arguments: tuple[Argument, ...]

    @property
    def required(self) -> tuple[Argument, ...]:
        """Those every call gives by position."""
        return tuple(a for a in self.arguments if a.required and not a.keyword_only)

    @property
    def optional(self) -> tuple[Argument, ...]:
        """Those a call may leave out, by position."""
        return tuple(a for a in self.arguments if not a.required and not a.keyword_only)

    @property
    def keywords(self) -> tuple[Argument, ...]:
        """Those given by name."""
        return tuple(a for a in self.arguments if a.keyword_only)

    @property
    def host_read(self) -> str:
        """How a read of device values is called, or nothing when the operator reads none."""
        tags = self.overload.tags
        reads = torch.Tag.dynamic_output_shape in tags or torch.Tag.data_dependent_output in tags
        return self.base.removeprefix("aten::") if reads and self.base not in HOST_INDICES else ""

    def returned_argument(self, index: int) -> Argument | None:
        """The written argument that return `index` is, if it is one."""
        alias = self.overload._schema.returns[index].alias_info
        if alias is None or not alias.is_write:
            return None
        return next((a for a in self.arguments if a.written & frozenset(alias.before_set)), None)


def read_operator(name: str) -> Operator | None:
    """The operator called `name`, like `aten::add.Tensor`; `None` when torch offers no overload of that name."""
    namespace, _, rest = name.partition("::")
    base, _, overload_name = rest.partition(".")
    packet = getattr(getattr(torch.ops, namespace), base, None)
    overload = getattr(packet, overload_name or "default", None)
    return None if overload is None else describe(overload)


def describe(overload: Any) -> Operator:
    """The operator behind an overload object."""
    schema = overload._schema
    arguments = tuple(
        Argument(
            name=each.name,
            variable=f"a{index}",
            type=str(each.type),
            keyword_only=each.kwarg_only,
            required=not each.has_default_value(),
            written=frozenset(each.alias_info.before_set)
            if each.alias_info and each.alias_info.is_write
            else frozenset(),
        )
        for index, each in enumerate(schema.arguments)
    )
    return Operator(overload, overload.name(), schema.name, arguments)


def is_view(operator: Operator) -> bool:
    """Whether the result shares the argument's memory without writing it."""
    aliases = (each.alias_info for each in operator.overload._schema.returns)
    return any(alias is not None and not alias.is_write for alias in aliases)


def is_inplace_view(operator: Operator) -> bool:
    """Whether it changes sizes and strides of its argument."""
    return torch.Tag.inplace_view in operator.overload.tags
