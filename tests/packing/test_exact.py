"""Every sequence with its masked tokens and its label exactly once, whatever the data and the options."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.algorithms.solve import Algorithm
from tests.packing.made_data import NVIDIA, Kind, Storage, write_data
from tests.packing.runs import SmallBlocks, assert_all_there, packed

STORAGES = st.sampled_from([NVIDIA, Storage(options={}), Storage(chunk=(3, 7)), Storage(chunk=(5, 100))])


@st.composite
def data_sets(draw: st.DrawFn) -> tuple[list[list[int]], Kind]:
    """The lengths in each shard, and what the rows are like."""
    row_length = draw(st.integers(1, 70))
    shards = draw(st.lists(st.lists(st.integers(1, row_length), max_size=30), min_size=1, max_size=4))
    if not any(shards):
        shards[0] = [draw(st.integers(1, row_length))]
    vocabulary = draw(st.sampled_from([2, 30522, 32768, 32769, 50_000, 2**24]))
    return shards, Kind(row_length, draw(st.integers(1, 9)), vocabulary, draw(st.sampled_from([1, 2, 3, 128])))


@st.composite
def options(draw: st.DrawFn, row_length: int) -> dict[str, Any]:
    limit: dict[str, Any] = draw(
        st.one_of(st.just({}), st.just({"unlimited": True}), st.fixed_dictionaries({"per_row": st.integers(1, 5)}))
    )
    return {
        "row_length": draw(st.none() | st.integers(row_length, 4 * row_length)),
        "seed": draw(st.integers(0, 2**63)),
        "shards": draw(st.none() | st.integers(1, 6)),
        "algorithm": draw(st.sampled_from([Algorithm.NEAR_OPTIMAL, Algorithm.LPFHP, Algorithm.SPFHP])),
        **limit,
    }


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_sequence_exactly_once(data: st.DataObject) -> None:
    lengths, kind = data.draw(data_sets())
    asked = data.draw(options(kind.row_length))
    memory = SmallBlocks(workers=data.draw(st.integers(1, 3)), chunks=data.draw(st.integers(1, 3)))
    with TemporaryDirectory() as folder:
        source = write_data(Path(folder) / "in", lengths, kind, data.draw(STORAGES), seed=asked["seed"])
        made = packed(source, Path(folder) / "out", memory, **asked)

        assert_all_there(source, Path(folder) / "out")
        assert made.manifest["sequences"] == sum(map(len, lengths))
        assert made.manifest["row_length"] == asked["row_length"] or asked["row_length"] is None
        assert made.manifest["sequences_per_row"] <= asked.get("per_row", np.inf)
        assert made.manifest["predictions_per_row"] >= kind.masked_width
        assert made.left_out == []
