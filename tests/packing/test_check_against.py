"""A packed folder against the data it was made of: no sequence is lost, doubled or changed unnoticed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import UsageError
from migrator.packing.checks import comparing
from migrator.packing.checks.check import Checked, check
from migrator.packing.checks.fault_log import FIRST, Place
from tests.packing import oracle
from tests.packing.made_data import Kind, Storage, random_rows, shard_name, write_data, write_shard
from tests.packing.plain_packing import change, pack_plainly
from tests.packing.runs import SmallBlocks, packed
from tests.packing.test_unpack import LENGTHS

LACKS = "holds a sequence that the packed folder lacks"
DOUBLED = "holds a sequence more often than the original"
UNKNOWN = "holds a sequence that is not in the original"


def against(folder: Path, data: Path) -> Checked:
    return check(folder, data, SmallBlocks())


def counts(found: Checked) -> dict[str, int]:
    return {fault.what: fault.count for fault in found.faults}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "in", LENGTHS)


def place(data: Path, sequence: int) -> Place:
    """File and row of a sequence by its number among all."""
    shard, row = divmod(sequence, 5)
    return Place(str(oracle.shards(data)[shard]), row)


def test_all_is_there(data: Path, tmp_path: Path) -> None:
    packed(data, tmp_path / "out")
    plain = pack_plainly(data, tmp_path / "plain")

    for folder in (tmp_path / "out", plain):
        found = against(folder, data)
        assert (found.faults, found.compared) == ([], 13)


def test_three_left_out_and_one_doubled(data: Path, tmp_path: Path) -> None:
    """As the packer that Gaudi's users have does it, which then says that it dropped none."""
    left_out, doubled = {3, 6, 12}, 7
    kept = [sequence for sequence in range(13) if sequence not in left_out]
    folder = pack_plainly(data, tmp_path / "plain", [*kept, doubled])

    found = against(folder, data)

    assert {fault.what: fault.first for fault in found.faults} == {
        LACKS: [place(data, sequence) for sequence in sorted(left_out)],
        DOUBLED: [last_row_of(folder, oracle.padded_shard(oracle.shards(data)[1])[2])],
    }
    assert (found.compared, found.counts.sequences) == (13, 11)


def last_row_of(folder: Path, sequence: bytes) -> Place:
    """The last packed row in which a sequence stands."""
    holding = [
        Place(path.name, number)
        for path in oracle.shards(folder)
        for number, row in enumerate(oracle._rows(path))
        if sequence in oracle.packed_row(row)
    ]
    return holding[-1]


@pytest.mark.parametrize("key", ["input_ids", "segment_ids", "masked_lm_ids", "next_sentence_labels"])
def test_one_number_is_another(data: Path, tmp_path: Path, key: str) -> None:
    folder = pack_plainly(data, tmp_path / "plain")
    path = oracle.shards(folder)[1]
    before = oracle.arrays(path)
    row = int(np.flatnonzero(before["masked_lm_positions"][:, 0])[0])
    change(path, key, (row, 0), int(before[key][row, 0]) + 1)

    found = against(folder, data)

    assert counts(found) == {LACKS: 1, UNKNOWN: 1}
    assert {fault.what: fault.first for fault in found.faults}[UNKNOWN] == [Place(path.name, row)]


def test_a_masked_token_that_was_lost(data: Path, tmp_path: Path) -> None:
    folder = pack_plainly(data, tmp_path / "plain")
    path = oracle.shards(folder)[0]
    places = oracle.arrays(path)["masked_lm_positions"]
    row = int(np.flatnonzero(places[:, 0])[0])
    last = (row, np.count_nonzero(places[row]) - 1)
    change(path, "masked_lm_positions", last, 0)
    change(path, "masked_lm_ids", last, 0)

    assert counts(against(folder, data)) == {LACKS: 1, UNKNOWN: 1}


def test_sequences_of_a_broken_row_are_missing(data: Path, tmp_path: Path) -> None:
    folder = pack_plainly(data, tmp_path / "plain")
    path = oracle.shards(folder)[0]
    inside = int(oracle.arrays(path)["next_sentence_weights"][0].sum())
    change(path, "positions", (0, 0), 3)

    found = counts(against(folder, data))

    assert found[LACKS] == inside
    assert found["has positions that do not restart with each sequence"] == 1


def test_other_data(data: Path, tmp_path: Path) -> None:
    folder = pack_plainly(data, tmp_path / "plain")
    other = write_data(tmp_path / "other", [[9] * 40], seed=9)

    found = against(folder, other)

    assert counts(found) == {LACKS: 40, UNKNOWN: 13}
    assert [len(fault.first) for fault in found.faults] == [FIRST, FIRST]


def test_what_packing_left_out_is_not_missed(data: Path, tmp_path: Path) -> None:
    change(oracle.shards(data)[1], "input_mask", (2,), 0)
    (data / "part_009.hdf5").write_text("no HDF5")
    packed(data, tmp_path / "out", skip_bad=True)

    found = against(tmp_path / "out", data)

    assert (found.faults, found.compared) == ([], 12)


def test_a_damaged_file_that_was_left_out_is_not_missed_in_part(tmp_path: Path) -> None:
    """Its first rows can be read, but packing leaves out the whole file."""
    data = write_data(tmp_path / "in", [[5, 9], [7] * 20], storage=Storage(chunk=(4, 32)))
    path = oracle.shards(data)[1]
    with h5py.File(path, "r") as file:
        offset = file["input_ids"].id.get_chunk_info(4).byte_offset
    spoilt = bytearray(path.read_bytes())
    spoilt[offset : offset + 20] = b"\xff" * 20
    path.write_bytes(spoilt)
    packed(data, tmp_path / "out", skip_bad=True)

    found = against(tmp_path / "out", data)

    assert (found.faults, found.compared) == ([], 2)


def test_broken_rows_that_nobody_knows_of(data: Path, tmp_path: Path) -> None:
    folder = pack_plainly(data, tmp_path / "plain", range(12))
    change(oracle.shards(data)[2], "input_mask", (2,), 0)
    (data / "part_009.hdf5").write_text("no HDF5")

    found = {fault.what: fault.first for fault in against(folder, data).faults}

    empty = "cannot be compared with the packed folder: holds no tokens: its input_mask is empty"
    assert found[empty] == [Place(str(data / shard_name(2)), 2)]
    assert [place.file for what, (place, *_) in found.items() if "not a readable" in what] == [
        str(data / "part_009.hdf5")
    ]


def test_packed_data_are_no_original(data: Path, tmp_path: Path) -> None:
    folder = pack_plainly(data, tmp_path / "plain")

    with pytest.raises(UsageError, match="its rows are packed already"):
        against(folder, folder)


@settings(max_examples=40, deadline=None)
@given(
    chosen=st.lists(st.integers(0, 19), min_size=1, max_size=40),
    fewest=st.sampled_from([1, 5, 2**16]),
    workers=st.integers(1, 3),
)
def test_any_choice_of_sequences(chosen: list[int], fewest: int, workers: int) -> None:
    """Whatever was packed: exactly what is missing and too many is said; also where memory allows few at a time."""
    with TemporaryDirectory() as name, mock.patch.object(comparing, "_FEWEST", fewest):
        folder = Path(name)
        rng = np.random.default_rng(1)
        rows = random_rows(rng, rng.integers(1, 9, 20).tolist(), Kind(16, 3))
        write_shard(folder / "in" / "a.hdf5", {key: array[:9] for key, array in rows.items()})
        write_shard(folder / "in" / "b.hdf5", {key: array[9:] for key, array in rows.items()})
        pack_plainly(folder / "in", folder / "plain", chosen)
        memory = SmallBlocks(limit=1, workers=workers)

        found = check(folder / "plain", folder / "in", memory)

        original, copy = oracle.padded(folder / "in"), oracle.packed(folder / "plain")
        too_many = Counter(copy) - Counter(original)
        expected = {LACKS: (original - copy).total(), DOUBLED: too_many.total()}
        assert counts(found) == {what: count for what, count in expected.items() if count}
