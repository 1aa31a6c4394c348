"""Under which names torch.compile finds the backend."""

from __future__ import annotations

import importlib
from typing import Any

from migrator.emulator.compile_backend.names import backend_names
from migrator.emulator.torch_private.dynamo import register_backend


def register_backends() -> None:
    """Offer the backend to `torch.compile(backend=...)` by the release's names."""
    for name in backend_names():
        register_backend(_run_captured, name=name)


def _run_captured(graph: Any, inputs: Any, **options: Any) -> Any:
    # Imported here: what it needs cannot be imported while torch's compiler is.
    return importlib.import_module("migrator.emulator.compile_backend.pass_through").run_captured(graph, inputs)
