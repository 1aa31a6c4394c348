"""Paths in diffs: what git quotes is read back, whatever bytes a path has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.report.quoting import quote, unquote


@pytest.mark.parametrize(
    ("path", "printed"),
    [
        (b"a b/c.py", b"a b/c.py"),
        ("é.py".encode(), rb'"\303\251.py"'),
        (b'say "hi"\t.py', rb'"say \"hi\"\t.py"'),
        (b"back\\slash", rb'"back\\slash"'),
    ],
)
def test_quotes_as_git_does(path: bytes, printed: bytes) -> None:
    assert quote(path) == printed
    assert unquote(printed) == path


@given(st.binary(min_size=1))
def test_any_path_survives(path: bytes) -> None:
    if not path.startswith(b'"'):
        assert unquote(quote(path)) == path
