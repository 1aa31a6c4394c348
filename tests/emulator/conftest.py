"""All of these tests need torch, and a process whose hpu is the emulated device."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

_HAS_TORCH = importlib.util.find_spec("torch") is not None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Without torch only the line that says so is collected."""
    if _HAS_TORCH or collection_path.is_dir():
        return None
    return collection_path.name != "test_torch_present.py" or None


def _activate() -> None:
    """The device, in lazy mode, and the emulated habana_frameworks, which test modules import at their top."""
    from migrator.emulator import activate, profile  # noqa: PLC0415 - only with torch
    from migrator.emulator.preconditions import real_installation  # noqa: PLC0415 - only with torch

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "PT_HPU_LAZY_MODE", "1")  # for this process: its children choose for themselves
        assert profile.current().lazy
    activate(autocast="cpu", check_aliases=True)
    sys.path.insert(0, str(real_installation.FACADE))


if _HAS_TORCH:
    _activate()
