"""torch's own database of modules on the emulated device against the CPU, as test_opinfo.py does with operators."""

from __future__ import annotations

import pytest

from tests.emulator.test_opinfo import check


@pytest.mark.slow
def test_modules() -> None:
    check("modules")
