"""docs/emulator-operators.md lists what test_opinfo.py measures and every exception that it allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator.opinfo_measures import MEASURES

PAGE = Path(__file__).parents[2] / "docs" / "emulator-operators.md"


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_and_its_exceptions_are_documented(name: str) -> None:
    measure, text = MEASURES[name], PAGE.read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith(f"| {measure.title} |"))
    passed, total = (int(each) for each in row.split("|")[2:4])

    assert total - passed == len(measure.exceptions)
    assert [case for case in measure.exceptions | measure.unmeasured if f"`{case}`" not in text] == []
