"""torch's compiled autograd, with the device's backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from migrator.emulator.compile_backend.names import backend_names
from migrator.emulator.torch_private.aot import dynamo_config, enable_compiled_autograd, reset_dynamo

# Open for the rest of the process.
_enabled: list[Any] = []


def enable(options: Mapping[str, Any]) -> None:
    """Compile what autograd runs from here on; once a process. `options` are torch.compile's."""
    if _enabled:
        return
    reset_dynamo()
    dynamo_config.optimize_ddp = "python_reducer"
    context = enable_compiled_autograd(
        lambda graph: torch.compile(graph, backend=backend_names()[0], **options), dynamic=False
    )
    context.__enter__()
    _enabled.append(context)
