"""Stands for the whole folder where torch is not installed."""

from __future__ import annotations

import pytest

from migrator.emulator import is_active


def test_the_device_is_active() -> None:
    pytest.importorskip("torch", reason="torch is not installed: none of tests/emulator runs")

    assert is_active()
