"""All of these tests need torch, and a process whose hpu is the emulated device."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_HAS_TORCH = importlib.util.find_spec("torch") is not None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Without torch only the line that says so is collected."""
    if _HAS_TORCH or collection_path.is_dir():
        return None
    return collection_path.name != "test_torch_present.py" or None


@pytest.fixture(scope="session", autouse=True)
def _emulated_device() -> None:
    if _HAS_TORCH:
        from migrator.emulator import activate  # noqa: PLC0415 - only with torch

        activate(autocast="cpu", check_aliases=True)
