"""torch's own backend has no code generator for the device; it is refused before it starts to compile."""

from __future__ import annotations

import sys
from typing import Any

from torch import Tensor

from migrator.emulator.compile_backend.names import backend_names
from migrator.errors import UsageError


def refuse_inductor() -> None:
    """Have inductor, which is torch.compile's default, raise `UsageError` for graphs with hpu tensors."""
    module = sys.modules["torch._inductor.compile_fx"]
    compile_graph: Any = module.compile_fx

    def checked(graph: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        if any(isinstance(each, Tensor) and each.device.type == "hpu" for each in inputs):
            raise _refusal()
        return compile_graph(graph, inputs, *arguments, **named)

    module.compile_fx = checked  # type: ignore[attr-defined]


def _refusal() -> UsageError:
    names = backend_names()
    hint = f'write torch.compile(..., backend="{names[0]}")' if names else "this release has no torch.compile"
    return UsageError("torch.compile's default backend, inductor, does not compile for hpu", hint=hint)
