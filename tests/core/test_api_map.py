"""Reading entries of the API map, and looking names up."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.core.api_map import ApiEntry, ApiMap, build, parse
from migrator.core.findings import Kind
from migrator.core.target import ExecutionMode, Release
from migrator.errors import UsageError

MATCH = {"name": "torch.cuda.init", "class": "match", "to": "torch.hpu.init", "source": "https://example.org"}
MANUAL = {
    "name": "torch.cuda.nvtx.*",
    "class": "manual",
    "reason": "a tool of NVIDIA",
    "advice": "remove it",
    "source": "https://example.org",
}


def api_map(*rows: dict[str, Any]) -> ApiMap:
    return build(parse({"api": list(rows)}, "test.toml"))


def release(name: str) -> Release:
    return Release(name, "2.0", ExecutionMode.LAZY, (ExecutionMode.LAZY,), "autocast", "", False, {})


def manual(name: str, **more: str) -> dict[str, Any]:
    return MANUAL | {"name": name} | more


def test_an_entry_becomes_a_value() -> None:
    assert parse({"api": [MATCH]}, "test.toml") == (
        ApiEntry("torch.cuda.init", Kind.MATCH, to="torch.hpu.init", source="https://example.org"),
    )


def test_other_spellings_share_the_entry() -> None:
    old, new = parse({"api": [MATCH | {"also": ["torch.cuda.old.init"]}]}, "test.toml")

    assert (old.name, new.name) == ("torch.cuda.init", "torch.cuda.old.init")
    assert old.to == new.to == "torch.hpu.init"


def test_the_file_can_name_the_source_once() -> None:
    row = {key: value for key, value in MATCH.items() if key != "source"}

    (entry,) = parse({"source": "docs of everything", "api": [row]}, "test.toml")

    assert entry.source == "docs of everything"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (MATCH | {"class": "perfect"}, "class 'perfect' is none of match, modified"),
        (MATCH | {"too": "torch.hpu.init"}, "unknown key 'too'"),
        ({key: value for key, value in MATCH.items() if key != "to"}, "a match says with `to`"),
        (MATCH | {"to": "torch.hpu.init()"}, "'torch.hpu.init\\(\\)' is not a dotted name"),
        (MATCH | {"name": "torch.cuda.*"}, "a match is about one name"),
        (MATCH | {"name": "torch..init"}, "'torch..init' is not a dotted name"),
        (MATCH | {"source": ""}, "needs a `source`"),
        (MATCH | {"releases": "new"}, "not a condition"),
        (manual("a.b", to="c.d"), "a match says with `to`"),
        (manual("a.b", advice=""), "class manual needs `advice`"),
        (manual("a.b", reason=""), "class manual needs a `reason`"),
        (manual("a.b", rule="autocast"), "class manual has no `rule`"),
        (manual("a.b") | {"class": "modified"}, "class modified needs the `rule`"),
        (manual("a.b") | {"class": "mismatch"}, "class mismatch needs the `rule`"),
    ],
)
def test_an_entry_that_is_wrong_is_refused(row: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        api_map(row)


def test_messages_name_the_file_and_the_entry() -> None:
    with pytest.raises(UsageError, match=r"^test\.toml: torch\.cuda\.init: "):
        api_map(MATCH | {"source": ""})


def test_a_name_stands_in_the_map_once() -> None:
    with pytest.raises(UsageError, match="twice"):
        api_map(MATCH, MATCH)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("torch.cuda.init", "torch.cuda.init"),
        ("torch.cuda.seed", "torch.cuda.*"),
        ("torch.cuda.nvtx.mark", "torch.cuda.nvtx.*"),
        ("torch.cuda.nvtx.deep.er", "torch.cuda.nvtx.*"),
        ("torch.cuda.nvtx", "torch.cuda.*"),
        ("torch.cudax.init", None),
        ("torch.cuda", None),
        ("torch", None),
    ],
)
def test_the_most_exact_entry_wins(name: str, found: str | None) -> None:
    entry = api_map(MATCH, manual("torch.cuda.*"), MANUAL).lookup(name)

    assert (entry and entry.name) == found


def test_an_entry_of_other_releases_gives_way_to_its_prefix() -> None:
    api = api_map(MATCH | {"releases": ">=1.17"}, manual("torch.cuda.*"))

    new, old = (api.at(release(name)).lookup("torch.cuda.init") for name in ("1.17", "1.16"))

    assert new is not None
    assert old is not None
    assert (new.name, old.name) == ("torch.cuda.init", "torch.cuda.*")


def test_needles_are_the_parts_that_tell() -> None:
    api = api_map(
        MATCH,
        manual("torch.backends.cudnn.benchmark"),
        manual("torch.utils.cpp_extension.load"),
        manual("torch.distributed.Backend.NCCL"),
        manual("apex.*"),
        manual("torch.nn.parallel.comm.*"),
    )

    assert api.needles == (b"NCCL", b"apex", b"cpp_extension", b"cuda", b"cudnn", b"parallel")
