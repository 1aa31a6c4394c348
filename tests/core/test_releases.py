"""Conditions on a release."""

from __future__ import annotations

import pytest

from migrator.core.releases import matches
from migrator.core.target import ExecutionMode, Release
from migrator.errors import UsageError


def release(name: str) -> Release:
    return Release(name, "2.0", ExecutionMode.LAZY, (ExecutionMode.LAZY,), "autocast", "", False, {})


@pytest.mark.parametrize(
    ("expression", "name", "holds"),
    [
        ("", "1.6", True),
        ("  ", "1.24", True),
        (">=1.17", "1.17", True),
        (">=1.17", "1.16", False),
        (">=1.9", "1.10", True),  # as numbers, not as text
        ("<1.13", "1.9", True),
        ("<1.13", "1.13", False),
        ("<=1.13", "1.13", True),
        (">1.13", "1.13", False),
        (">=1.9,<1.17", "1.16", True),
        (">=1.9, < 1.17", "1.17", False),
        (">=1.9,<1.17", "1.8", False),
        ("==1.20", "1.20", True),
        ("==1.20", "1.2", False),
        ("!=1.20", "1.20", False),
    ],
)
def test_conditions(expression: str, name: str, holds: bool) -> None:
    assert matches(expression, release(name)) is holds


@pytest.mark.parametrize("expression", ["1.17", ">=1", ">=1.17.0", "=>1.17", ">=1.9,", ">=1.9 <1.17", "new"])
def test_what_is_no_condition_is_refused(expression: str) -> None:
    with pytest.raises(UsageError, match="not a condition on a release") as caught:
        matches(expression, release("1.17"))

    assert ">=1.9,<1.17" in caught.value.hint
