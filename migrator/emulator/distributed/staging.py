"""The form in which gloo takes hpu tensors: on the CPU, contiguous, of a type it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from migrator.emulator.operators.placement import written

_FLOAT8 = frozenset({torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz})


@dataclass
class Staging:
    """The arguments of one collective, and the copies that have to come back when it is done.

    Gaudi's backend copies tensors that are not contiguous (bridge 1.19, process_group_eager_hccl.cpp), where gloo
    would read and write across their gaps; and it moves float8 as bytes (backend/helpers/collective_utils.cpp), which
    gloo does not know. A collective that `computes` cannot do so: its float8 stays the error that gloo makes of it.
    """

    computes: bool
    copies: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def source(self, value: Any) -> Any:
        """An argument that is read, for gloo: a tensor, a list of them, or a list of lists."""
        if isinstance(value, Tensor):
            return self.known_type(_plain(written(value)))
        return [self.source(each) for each in value] if isinstance(value, list | tuple) else value

    def target(self, value: Any) -> Any:
        """The same for one that is written."""
        if not isinstance(value, Tensor):
            return [self.target(each) for each in value]
        alias = written(value)
        plain = _plain(alias)
        if plain is not alias:
            self.copies.append((alias, plain))
        return self.known_type(plain)

    def known_type(self, tensor: Any) -> Any:
        """The same memory in a type that gloo moves."""
        return tensor if self.computes or tensor.dtype not in _FLOAT8 else tensor.view(torch.uint8)

    def copy_back(self) -> None:
        """Write what gloo wrote into copies to where it belongs."""
        for alias, plain in self.copies:
            alias.copy_(plain)


def _plain(tensor: Any) -> Any:
    return tensor.contiguous().resolve_conj().resolve_neg()
