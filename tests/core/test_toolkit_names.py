"""What Gaudi's GPU migration toolkit is known to answer: reading the tables, and looking names up."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.core.toolkit_names import KnownNames, build_toolkit, parse_toolkit
from migrator.errors import UsageError

TABLE = {"names": ["torch.cuda.init", "apex"], "source": "https://example.org"}
PACKAGE = {"names": ["apex.amp"], "source": "https://example.org", "package": "apex", "advice": "install it"}


def test_a_name_is_found_as_it_is_written_only() -> None:
    toolkit = build_toolkit(parse_toolkit([TABLE], "test.toml"))

    assert toolkit.find("torch.cuda.init") == KnownNames(frozenset(TABLE["names"]), "https://example.org")
    assert [toolkit.find(name) for name in ("torch.cuda.init.x", "torch.cuda", "torch.cuda.i")] == [None] * 3


def test_a_package_is_found_by_its_own_name() -> None:
    toolkit = build_toolkit(parse_toolkit([TABLE, PACKAGE], "test.toml"))

    group = toolkit.package("apex")

    assert group is not None
    assert (group.package, group.advice) == ("apex", "install it")
    assert [toolkit.package(name) for name in ("apex.amp", "torch", "")] == [None] * 3


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (TABLE | {"name": "x"}, "unknown key 'name'"),
        ({"names": ["x"]}, "'source' is missing"),
        ({"source": "x"}, "'names' is missing"),
        (TABLE | {"package": "apex"}, "go together"),
        (TABLE | {"advice": "install it"}, "go together"),
        (TABLE | {"names": ["x", "y", "x"]}, "a name stands there twice"),
    ],
)
def test_a_wrong_table_is_refused(table: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_toolkit([TABLE, table], "test.toml")
    assert "test.toml: [[toolkit]] 2" in caught.value.message


def test_a_name_in_two_tables_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"'torch\.cuda\.init' twice"):
        build_toolkit(parse_toolkit([TABLE, {"names": ["torch.cuda.init"], "source": "x"}], "test.toml"))
