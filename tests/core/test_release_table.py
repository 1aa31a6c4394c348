"""Expanding facts about ranges of releases to one record a release."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.core.release_table import expand
from migrator.core.target import Chip, ExecutionMode
from migrator.errors import UsageError

ALWAYS: dict[str, Any] = {
    "since": "1.9",
    "modes": {"lazy": "1", "eager": "2"},
    "mixed_precision": "autocast",
    "compile_backend": "",
    "autoload": False,
    "chips": ["gaudi2"],
    "gpu_migration": "none",
    "env": {"lazy_mode": "PT_HPU_LAZY_MODE"},
    "source": "a document",
}


def row(name: str) -> dict[str, Any]:
    return {"name": name, "torch": "2.0.1", "source": f"notes of {name}"}


def fact(since: str, until: str = "", **said: Any) -> dict[str, Any]:
    return {"since": since, "source": f"since {since}", **({"until": until} if until else {}), **said}


def test_facts_hold_in_their_range_and_both_ends_belong_to_it() -> None:
    releases = expand(
        {
            "release": [row("1.11"), row("1.9"), row("1.10")],
            "fact": [ALWAYS, fact("1.9", "1.10", default_mode="lazy"), fact("1.11", default_mode="eager")],
        }
    )

    assert {name: facts.release.default_mode.value for name, facts in releases.items()} == {
        "1.9": "lazy",
        "1.10": "lazy",
        "1.11": "eager",
    }
    assert list(releases) == ["1.9", "1.10", "1.11"]


def test_a_record_has_what_its_facts_say() -> None:
    document = {
        "release": [row("1.9")],
        "fact": [ALWAYS, fact("1.9", default_mode="lazy", env={"logs": "HABANA_LOGS"})],
    }

    facts = expand(document)["1.9"]

    assert facts.release.torch_version == (2, 0, 1)
    assert facts.release.modes == (ExecutionMode.LAZY, ExecutionMode.EAGER)
    assert facts.release.env == {"lazy_mode": "PT_HPU_LAZY_MODE", "logs": "HABANA_LOGS"}
    assert facts.release.mode_values[ExecutionMode.EAGER] == "2"
    assert facts.chips == (Chip.GAUDI2,)
    assert facts.sources == ("notes of 1.9", "a document", "since 1.9")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ([ALWAYS], "no fact gives 'default_mode' for release 1.9"),
        (
            [ALWAYS, fact("1.9", default_mode="lazy"), fact("1.8", default_mode="eager")],
            "two facts give 'default_mode'",
        ),
        ([ALWAYS, fact("1.9", default_mode="lazy", env={"lazy_mode": "X"})], "two facts give 'lazy_mode'"),
        ([ALWAYS | {"sources": "x"}], "unknown key 'sources'"),
        ([ALWAYS | {"source": ""}], "names no source"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(facts: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        expand({"release": [row("1.9")], "fact": facts})


def test_a_release_stands_in_the_table_once() -> None:
    with pytest.raises(UsageError, match=r"release 1\.9 stands in the table twice"):
        expand({"release": [row("1.9"), row("1.9")], "fact": [ALWAYS | {"default_mode": "lazy"}]})
