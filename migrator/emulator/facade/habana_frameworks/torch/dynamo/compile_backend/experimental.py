"""Emulated habana_frameworks.torch.dynamo.compile_backend.experimental."""

from __future__ import annotations

import importlib
from typing import Any

from migrator.emulator.names.existence import withhold

__all__ = ["enable_compiled_autograd"]


def enable_compiled_autograd(**kwargs: Any) -> None:
    """Have torch capture backward passes too, for all of the process; `kwargs` go to torch.compile.

    Call it before the first torch.compile.
    """
    # Imported here: it imports torch's compiler.
    importlib.import_module("migrator.emulator.compile_backend.backward_capture").enable(kwargs)


__getattr__ = withhold(globals())
