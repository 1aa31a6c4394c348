from __future__ import annotations

import pytest

from migrator.core.globs import selected


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("src/**", "src/a/b.py", True),
        ("**/*.py", "b.py", True),
        ("**/*.py", "a/b.py", True),
        ("*.py", "a/b.py", False),
        ("a?.py", "ab.py", True),
        ("a.py", "aXpy", False),
    ],
)
def test_one_pattern(glob: str, path: str, matches: bool) -> None:
    assert selected(path, [glob]) is matches


def test_the_last_pattern_that_matches_decides() -> None:
    patterns = ["**/*.py", "!tests/**", "tests/keep.py"]
    assert [selected(p, patterns) for p in ("a.py", "tests/a.py", "tests/keep.py")] == [True, False, True]
