"""Kernels that a script registers for Gaudi by the name of its dispatch key.

On a real card `hpu` is torch's own HPU key; here it is the PrivateUse1 key, so what is registered for the first goes
to the second: `library.impl(name, kernel, "HPU")`. Names of devices ("hpu") need no translation.
"""

from __future__ import annotations

from typing import Any

from torch.library import Library

_KEYS = {"HPU": "PrivateUse1", "AutogradHPU": "AutogradPrivateUse1", "AutocastHPU": "AutocastPrivateUse1"}
_impl = Library.impl


def install() -> None:
    """Patch `torch.library.Library.impl`, which all other ways to register a kernel use."""
    Library.impl = _translated


def _translated(library: Any, op_name: Any, fn: Any, dispatch_key: str = "", **named: Any) -> Any:
    # torch itself registers the same kernels for HPU and for PrivateUse1 (fully_shard does).
    if not getattr(fn, "__module__", "").startswith("torch."):
        dispatch_key = _KEYS.get(dispatch_key, dispatch_key)
    return _impl(library, op_name, fn, dispatch_key, **named)
