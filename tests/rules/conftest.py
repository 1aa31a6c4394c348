"""Before and after: what a rule test says."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import FileResult, rewrite
from migrator.core.file import Context
from migrator.rules import all_rules

Run = Callable[..., FileResult]


@pytest.fixture(scope="session")
def run() -> Run:
    """run(code, "rule-a", "rule-b", release=..., mode=..., style=...) -> FileResult."""

    def run(code: str, *names: str, **target: str | None) -> FileResult:
        facts = {"release": None, "mode": None, "chip": None, "style": None, **target}
        context = Context(make_target(**facts), load_api_map())
        rules = [rule for name in names if (rule := all_rules()[name]).applies(context.target)]
        return rewrite("train.py", textwrap.dedent(code).encode(), rules, context)

    return run


@pytest.fixture
def check_transformed(run: Run) -> Callable[..., None]:
    """The rules turn `before` into `after`, and `after` stays as it is."""

    def check(before: str, after: str, *names: str, **target: str | None) -> None:
        result = run(before, *names, **target)
        assert result.data.decode() == textwrap.dedent(after)
        assert run(after, *names, **target).data.decode() == textwrap.dedent(after)

    return check


@pytest.fixture
def check_noop(run: Run) -> Callable[..., None]:
    """The rules leave `code` byte for byte as it is."""

    def check(code: str, *names: str, **target: str | None) -> None:
        assert run(code, *names, **target).data.decode() == textwrap.dedent(code)

    return check
