"""Unpacking what others packed, what is broken, and what was interrupted."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from migrator.errors import MigrateError, OutputError, UsageError
from migrator.packing.faults import ShardError
from migrator.packing.unpacking.unpacked_form import Widths
from tests.packing import oracle
from tests.packing.made_data import write_data
from tests.packing.plain_packing import change, pack_plainly, write_metadata
from tests.packing.runs import packed
from tests.packing.test_unpack import LENGTHS, unpacked


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "in", LENGTHS)


@pytest.fixture
def plain(data: Path, tmp_path: Path) -> Path:
    """The same data, packed the plain way into several shards."""
    return pack_plainly(data, tmp_path / "plain", per_shard=2)


def test_a_folder_of_another_packer(data: Path, plain: Path, tmp_path: Path) -> None:
    done = unpacked(plain, tmp_path / "out")

    most = max(int(np.frombuffer(sequence, "<i8")[1]) for sequence in oracle.padded(data))
    assert oracle.padded(tmp_path / "out") == oracle.padded(data)
    assert (done.row_length, done.masked_width) == (32, most)
    assert {key: a.dtype.str for key, a in oracle.arrays(oracle.shards(tmp_path / "out")[0]).items()} == {
        "input_ids": "<i4",
        "input_mask": "|i1",
        "segment_ids": "|i1",
        "masked_lm_positions": "<i4",
        "masked_lm_ids": "<i4",
        "next_sentence_labels": "|i1",
    }


def test_one_shard(data: Path, plain: Path, tmp_path: Path) -> None:
    unpacked(oracle.shards(plain)[0], tmp_path / "out")

    assert oracle.padded(tmp_path / "out") < oracle.padded(data)
    assert oracle.padded(tmp_path / "out")


def test_rows_that_hold_nothing_are_no_sequences(data: Path, plain: Path, tmp_path: Path) -> None:
    path = oracle.shards(plain)[0]
    arrays = oracle.arrays(path)
    with h5py.File(path, "w") as file:
        for key, array in arrays.items():
            file[key] = np.insert(array, [0, 1, len(array)], 0, axis=0)

    unpacked(plain, tmp_path / "out")

    assert oracle.padded(tmp_path / "out") == oracle.padded(data)


def test_masked_tokens_in_any_order(data: Path, plain: Path, tmp_path: Path) -> None:
    for path in oracle.shards(plain):
        with h5py.File(path, "r+") as file:
            for row, places in enumerate(file["masked_lm_positions"][()]):
                real = np.count_nonzero(places)
                for key in ("masked_lm_positions", "masked_lm_ids"):
                    file[key][row, :real] = file[key][row, :real][::-1]

    unpacked(plain, tmp_path / "out")

    assert sorted(map(_in_order, oracle.padded(tmp_path / "out"))) == sorted(map(_in_order, oracle.padded(data)))


def _in_order(sequence: bytes) -> tuple[object, ...]:
    """With its masked tokens by position."""
    numbers = np.frombuffer(sequence, "<i8").tolist()
    body, count = 3 + 2 * numbers[0], numbers[1]
    masked = zip(numbers[body : body + count], numbers[body + count :], strict=True)
    return (*numbers[:body], *sorted(masked))


@pytest.mark.parametrize(("widths", "what"), [(Widths(31), "32 tokens"), (Widths(None, 0), "masked tokens, rows of 0")])
def test_widths_that_would_cut_something_off(plain: Path, tmp_path: Path, widths: Widths, what: str) -> None:
    with pytest.raises(UsageError, match=f"a sequence has .*{what}"):
        unpacked(plain, tmp_path / "out", widths=widths)

    assert not (tmp_path / "out").exists()


def test_a_broken_row_is_named_and_nothing_is_written(plain: Path, tmp_path: Path) -> None:
    path = oracle.shards(plain)[1]
    change(path, "positions", (1, 2), 9)

    with pytest.raises(ShardError, match=r"part_001.hdf5: row 1 has positions that do not restart") as error:
        unpacked(plain, tmp_path / "out")

    assert error.value.hint == "`migrate pack --check` names all faults"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "plain", "plain_metadata.json"]


def test_a_broken_row_far_behind_is_named(tmp_path: Path) -> None:
    packed(write_data(tmp_path / "in", [[20] * 50]), tmp_path / "packed")
    change(tmp_path / "packed" / "packed_training_0000.hdf5", "positions", (41, 1), 9)

    with pytest.raises(ShardError, match="row 41 has positions"):
        unpacked(tmp_path / "packed", tmp_path / "out")


def test_masked_tokens_in_padding_are_a_fault_of_their_row_and_not_of_the_width(plain: Path, tmp_path: Path) -> None:
    path = oracle.shards(plain)[0]
    with h5py.File(path, "r+") as file:
        row = int(np.flatnonzero(file["input_mask"][:, -1] == 0)[0])
        file["masked_lm_positions"][row] = 31

    with pytest.raises(ShardError, match=f"row {row} has masked tokens in its padding"):
        unpacked(plain, tmp_path / "out", widths=Widths(None, 6))


def test_input_that_changes_after_it_was_counted(data: Path, tmp_path: Path) -> None:
    plain = pack_plainly(data, tmp_path / "plain")
    path = oracle.shards(plain)[0]
    arrays = oracle.arrays(path)
    with h5py.File(path, "w") as file:  # not compressed, so that it is read when it is needed
        file.update(arrays)

    def empty_a_row(phase: str, done: int, total: int) -> None:
        if phase == "counting" and done == total:
            with h5py.File(path, "r+") as file:
                for key in file:
                    file[key][0] = 0

    with pytest.raises(ShardError, match=r"it holds other than the \d+ sequences counted before"):
        unpacked(plain, tmp_path / "out", progress=empty_a_row)

    assert not (tmp_path / "out").exists()


def test_a_row_number_beyond_reason_takes_no_memory(plain: Path, tmp_path: Path) -> None:
    path = oracle.shards(plain)[0]
    mask = oracle.arrays(path)["input_mask"].astype(np.int64)
    mask[0, 0] = 2**40
    with h5py.File(path, "r+") as file:
        del file["input_mask"]
        file["input_mask"] = mask

    with pytest.raises(ShardError, match="row 0 does not number its sequences"):
        unpacked(plain, tmp_path / "out")


def test_unpacked_data_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="its rows are not packed"):
        unpacked(data, tmp_path / "out")


@pytest.mark.parametrize("taken", ["folder", "file", "metadata"])
def test_nothing_that_exists_is_touched(plain: Path, tmp_path: Path, taken: str) -> None:
    out = tmp_path / "out"
    if taken == "folder":
        (out / "mine").mkdir(parents=True)
    elif taken == "file":
        out.write_text("mine")
    else:
        write_metadata(out, avg_seq_per_sample=2)

    with pytest.raises(OutputError, match=r"out exists|out holds packed rows"):
        unpacked(plain, out)

    assert [path.name for path in out.iterdir()] == ["mine"] if taken == "folder" else not out.is_dir()


def test_the_input_itself(plain: Path) -> None:
    before = [path.read_bytes() for path in oracle.shards(plain)]

    with pytest.raises(MigrateError, match="plain exists"):
        unpacked(plain, plain)

    assert [path.read_bytes() for path in oracle.shards(plain)] == before


def test_an_interrupted_run_goes_on_where_it_was(plain: Path, tmp_path: Path) -> None:
    first = 2 * 3

    def interrupt(phase: str, done: int, total: int) -> None:
        if phase == "writing" and done > first:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpacked(plain, tmp_path / "out", progress=interrupt)
    rows = tmp_path / "out.partial" / "rows"
    kept = {path.name: path.stat().st_ino for path in rows.iterdir()}
    assert not (tmp_path / "out").exists()
    assert kept

    unpacked(plain, tmp_path / "out")
    unpacked(plain, tmp_path / "at once")

    assert {path.name: path.stat().st_ino for path in oracle.shards(tmp_path / "out")}.items() >= kept.items()
    both = [[path.read_bytes() for path in oracle.shards(tmp_path / name)] for name in ("out", "at once")]
    assert both[0] == both[1]


def test_an_interrupted_run_of_other_widths_starts_anew(plain: Path, tmp_path: Path) -> None:
    def interrupt(phase: str, done: int, total: int) -> None:
        if phase == "writing" and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpacked(plain, tmp_path / "out", progress=interrupt)

    done = unpacked(plain, tmp_path / "out", widths=Widths(64))

    assert {oracle.arrays(path)["input_ids"].shape[1] for path in oracle.shards(tmp_path / "out")} == {64}
    assert done.row_length == 64


def test_progress_ends_at_all_sequences(plain: Path, tmp_path: Path) -> None:
    told: dict[str, list[tuple[int, int]]] = {}

    unpacked(
        plain, tmp_path / "out", progress=lambda phase, done, total: told.setdefault(phase, []).append((done, total))
    )

    assert list(told) == ["counting", "writing"]
    assert told["writing"][-1] == (13, 13)
    assert told["writing"] == sorted(told["writing"])
