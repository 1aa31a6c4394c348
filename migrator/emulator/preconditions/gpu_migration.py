"""Gaudi's own GPU Migration Toolkit, which turns calls of torch.cuda into hpu's while a program runs: not emulated."""

from __future__ import annotations

import os

from migrator.emulator.profile import current
from migrator.errors import UsageError


def refuse_gpu_migration() -> None:
    """Raise `UsageError` when the environment asks for it: the program would run on the CPU and seem to work."""
    variable = current().release.env.get("gpu_migration", "")
    if os.environ.get(variable) == "1":
        raise UsageError(
            f"{variable}=1 asks for habana_frameworks.torch.gpu_migration, which is not emulated",
            hint="port the program with `migrate apply --style native`, which writes hpu's names into it",
        )
