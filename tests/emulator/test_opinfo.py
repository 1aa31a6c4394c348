"""torch's own database of operators on the emulated device against the CPU, all samples. `pytest -s` prints counts."""

from __future__ import annotations

import pytest

from tests.emulator.opinfo_measures import MEASURES, NOT_MEASURED, Result, run

PROMISED = 0.98


def check(name: str) -> None:
    """The exceptions are exactly the listed ones, and few."""
    measure = MEASURES[name]
    results = list(run(measure.cases()))
    unmeasured = {each.name for each in results if each.difference == NOT_MEASURED}
    different = [each for each in results if each.difference and each.name not in unmeasured]
    total = len(results) - len(unmeasured)
    report(measure.title, total, different)

    assert {each.name for each in different} == set(measure.exceptions)
    assert unmeasured == set(measure.unmeasured)
    assert total - len(different) >= PROMISED * total > 0


def report(title: str, total: int, different: list[Result]) -> None:
    """For people who ask with -s."""
    print(f"\n{title}: {total - len(different)} of {total} as on the CPU")  # noqa: T201
    for each in different:
        print(f"  {each.name}: {each.difference}")  # noqa: T201


@pytest.mark.slow
@pytest.mark.parametrize("name", [each for each in MEASURES if each != "modules"])
def test_operators(name: str) -> None:
    check(name)
