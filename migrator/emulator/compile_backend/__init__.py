"""torch.compile on the emulated device: `hpu_backend` runs the graphs that torch captures as they are."""

from __future__ import annotations

import importlib

from migrator.emulator.compile_backend.after_import import after_import

__all__ = ["install"]


def install() -> None:
    """Have torch's compiler told about the device and its backend when a program first uses it."""
    after_import("torch._dynamo", _support)
    after_import("torch._inductor.compile_fx", _refuse)


def _support() -> None:
    # Named, not imported above: these modules import torch's compiler.
    importlib.import_module("migrator.emulator.compile_backend.dynamo_support").support_dynamo()
    importlib.import_module("migrator.emulator.compile_backend.registry").register_backends()


def _refuse() -> None:
    importlib.import_module("migrator.emulator.compile_backend.inductor").refuse_inductor()
