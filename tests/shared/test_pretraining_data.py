"""The loader of pre-training shards: no row lost or doubled, whatever the shards, the ranks and the interruptions."""

from __future__ import annotations

import gc
import itertools
import json
import random
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scenarios.packed_rows import Arrays, pack, write_shard

torch = pytest.importorskip("torch", reason="torch is not installed")

LENGTH, MASKED, PER_ROW = 16, 3, 3
Load = Callable[[str], ModuleType]
MANY = (7, 0, 1, 12, 5)  # rows of each shard: an empty one, and one that not every rank has a row of


@pytest.fixture(scope="module")
def data(load: Load) -> ModuleType:
    return load("pretraining_data")


def shard(rows: int, first: int = 0, length: int = LENGTH, masked: int = MASKED) -> Arrays:
    """Unpacked rows, each with a token of its own: 10 + `first` and up, at position 1."""
    arrays = {
        **{name: np.zeros((rows, length), np.int32) for name in ("input_ids", "input_mask", "segment_ids")},
        **{name: np.zeros((rows, masked), np.int32) for name in ("masked_lm_positions", "masked_lm_ids")},
        "next_sentence_labels": (np.arange(rows) + first) % 2,
    }
    for row in range(rows):
        size = 4 + (row + first) % (LENGTH - 3)
        arrays["input_ids"][row, :size] = [2, 10 + first + row, *[5] * (size - 3), 3]
        arrays["input_mask"][row, :size] = 1
        arrays["segment_ids"][row, size // 2 : size] = 1
        count = 1 + row % min(masked, size - 2)
        arrays["masked_lm_positions"][row, :count] = range(1, 1 + count)
        arrays["masked_lm_ids"][row, :count] = range(50, 50 + count)
    return arrays


def packed_shard(rows: int, first: int = 0, length: int = 2 * LENGTH) -> Arrays:
    """Packed rows of one or two sequences; the first one's token at position 1 tells the row, as above."""
    starts = [first + row for row in range(rows)]
    numbers = [[2 * row, 2 * row + 1] if row % 3 else [2 * row] for row in range(rows)]
    whole = shard(2 * rows, length=length)
    whole["input_ids"][::2, 1] = [10 + start for start in starts]
    whole["input_ids"][1::2, 1] = 7
    return pack(whole, numbers, PER_ROW)


def write(folder: Path, sizes: Sequence[int], make: Callable[..., Arrays] = shard) -> list[Path]:
    """One file for each size, with rows that are numbered through."""
    firsts = itertools.accumulate((0, *sizes[:-1]))
    return [
        write_shard(folder / f"part-{number}.hdf5", make(size, first))
        for number, (size, first) in enumerate(zip(sizes, firsts, strict=True))
    ]


def numbers(batches: Iterable[Mapping[str, Any]]) -> list[int]:
    """Which rows the batches hold, in order; -1 for an ignored one."""
    return [int(ids[1]) - 10 if ids.any() else -1 for batch in batches for ids in batch["input_ids"]]


def real(found: Iterable[int]) -> list[int]:
    return [number for number in found if number != -1]


@pytest.fixture(params=[shard, packed_shard], ids=["unpacked", "packed"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    return write(tmp_path / "shards", MANY, request.param)


# --- the order


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=4).filter(any),
    ranks=st.integers(1, 4),
    batch_size=st.integers(1, 5),
    epoch=st.integers(0, 3),
    packed=st.booleans(),
)
def test_every_row_once_in_every_epoch(
    data: ModuleType, sizes: list[int], ranks: int, batch_size: int, epoch: int, packed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder) / "shards", sizes, packed_shard if packed else shard)
        loaders = [data.PretrainingLoader(files, batch_size, rank=rank, world_size=ranks) for rank in range(ranks)]
        of_ranks = [list(loader.epoch(epoch)) for loader in loaders]
        (stream,) = [numbers(data.PretrainingLoader(files, 1).epoch(epoch))]
    assert sorted(stream) == list(range(sum(sizes)))
    each = -(-sum(sizes) // (ranks * batch_size))
    assert (
        [len(batches) for batches in of_ranks] == [loader.batches_per_epoch() for loader in loaders] == [each] * ranks
    )
    # Row g of the stream is rank g % world_size's, and what the last batches lack is ignored.
    together = [number for column in zip(*map(numbers, of_ranks), strict=True) for number in column]
    assert together == stream + [-1] * (each * ranks * batch_size - len(stream))
    shapes = {tuple((name, t.shape, t.dtype) for name, t in sorted(b.items())) for batches in of_ranks for b in batches}
    assert len(shapes) == 1
    assert {dtype for _, _, dtype in next(iter(shapes))} == {torch.int64}


def test_the_order_depends_on_seed_and_epoch(data: ModuleType, files: list[Path]) -> None:
    def order(seed: int, epoch: int, given: Sequence[Path] = files) -> list[int]:
        return numbers(data.PretrainingLoader(given, 4, seed=seed).epoch(epoch))

    orders = {(seed, epoch): order(seed, epoch) for seed in (1, 2, 3) for epoch in (0, 1, 2)}
    assert {pair: order(*pair, files[::-1]) for pair in orders} == orders
    assert len({tuple(found) for found in orders.values()}) == len(orders)


def test_a_row_comes_with_all_that_the_file_says_of_it(data: ModuleType, files: list[Path]) -> None:
    in_files: dict[int, dict[str, Any]] = {}
    for path in files:
        whole = data.PretrainingShard(path)
        for row, index in zip((whole[i] for i in range(len(whole))), range(len(whole)), strict=True):
            with h5py.File(path) as file:
                stored = {name: array[index] for name, array in file.items()}
            where = stored["masked_lm_positions"] != 0
            assert row["masked_lm_labels"].tolist() == np.where(where, stored["masked_lm_ids"], -1).tolist()
            weights = stored.get("next_sentence_weights", np.ones((), int))
            assert (
                row["next_sentence_labels"].tolist() == np.where(weights, stored["next_sentence_labels"], -1).tolist()
            )
            for name in stored.keys() - {"masked_lm_ids", "next_sentence_weights", "next_sentence_labels"}:
                assert row[name].tolist() == stored[name].tolist()
            in_files[numbers([{"input_ids": row["input_ids"][None]}])[0]] = row
    for batch in data.PretrainingLoader(files, 4).epoch(0):
        for place, number in enumerate(numbers([batch])):
            if number == -1:
                continue
            for name, expected in in_files[number].items():
                got = batch[name][place]  # as wide as the widest file's
                if expected.dim():
                    filling = -1 if name.endswith("labels") else 0
                    assert (got[len(expected) :] == filling).all()
                    got = got[: len(expected)]
                assert torch.equal(got, expected), (name, number)


def test_the_random_numbers_of_the_training_stay_what_they_are(data: ModuleType, files: list[Path]) -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    list(data.PretrainingLoader(files, 4).epoch(0))
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (np.random.get_state()[1].tolist(), random.getstate())


def test_a_data_loader_takes_a_shard(data: ModuleType, files: list[Path]) -> None:
    whole = data.PretrainingShard(files[0])
    (batch,) = torch.utils.data.DataLoader(whole, batch_size=len(whole))
    assert numbers([batch]) == list(range(len(whole)))
    (rows,) = torch.utils.data.DataLoader(whole, batch_size=len(whole), num_workers=1)
    assert all(torch.equal(rows[name], batch[name]) for name in batch)


# --- ignored rows


def test_ignored_rows_have_no_token_and_no_label(data: ModuleType, files: list[Path]) -> None:
    # one row on rank 0 is left for the last batch, none on rank 1
    loaders = [data.PretrainingLoader(files, 12, rank=rank, world_size=2) for rank in range(2)]
    counts = []
    for loader in loaders:
        *_, last = loader.epoch(0)
        ignored = torch.tensor([number == -1 for number in numbers([last])])
        counts.append(12 - int(ignored.sum()))
        assert not last["input_mask"][ignored].any()
        assert not last["masked_lm_positions"][ignored].any()
        assert (last["masked_lm_labels"][ignored] == -1).all()
        assert (last["next_sentence_labels"][ignored] == -1).all()
        assert data.count_sequences({name: t[ignored] for name, t in last.items()}) == 0
    assert counts == [1, 0]


def test_sequences_are_counted_in_the_order_of_the_batches(data: ModuleType, files: list[Path]) -> None:
    loader = data.PretrainingLoader(files, 4)
    counted = data.CountedBatches(loader.epoch(0))
    read_ahead = list(counted)
    in_files = [2 if loader.packed and row % 3 else 1 for size in MANY for row in range(size)]
    expected = [sum(in_files[row] for row in real(numbers([batch]))) for batch in read_ahead]
    assert [counted.take_count() for _ in read_ahead] == expected
    assert sum(expected) == sum(in_files)


# --- going on


@pytest.mark.parametrize("ranks", [1, 3])
def test_going_on_after_any_batch_gives_the_rest(data: ModuleType, files: list[Path], ranks: int) -> None:
    for rank in range(ranks):
        place = {"rank": rank, "world_size": ranks, "seed": 5}
        whole = list(data.PretrainingLoader(files, 2, **place).epoch(1))
        for done in range(len(whole) + 1):
            state = data.PretrainingLoader(files, 2, **place).state_dict(1, done)
            later = data.PretrainingLoader(files, 2, **place)
            assert later.load_state_dict(json.loads(json.dumps(state))) == (1, done)
            rest = list(later.epoch(1, done))
            assert len(rest) == len(whole) - done
            for batch, expected in zip(rest, whole[done:], strict=True):
                assert all(torch.equal(batch[name], expected[name]) for name in expected)
            assert numbers(later.epoch(2)) == numbers(data.PretrainingLoader(files, 2, **place).epoch(2))


@settings(max_examples=30, deadline=None)
@given(layouts=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3)), min_size=2, max_size=4))
def test_going_on_with_other_ranks_and_batches_loses_and_doubles_nothing(
    data: ModuleType, kept: list[Path], layouts: list[tuple[int, int, int]]
) -> None:
    used: list[int] = []
    state: dict[str, Any] | None = None
    for turn, (ranks, batch_size, batches) in enumerate(layouts):
        of_ranks, states = [], []
        for rank in range(ranks):
            loader = data.PretrainingLoader(kept, batch_size, rank=rank, world_size=ranks)
            epoch, done = loader.load_state_dict(state) if state else (0, 0)
            left = list(loader.epoch(epoch, done))
            taken = left if turn == len(layouts) - 1 else left[:batches]
            of_ranks.append(numbers(taken))
            states.append(loader.state_dict(epoch, done + len(taken)))
        used += real(number for column in zip(*of_ranks, strict=True) for number in column)
        assert all(other == states[0] for other in states)
        state = states[0]
    assert state is not None
    assert state["rows"] == sum(MANY)
    assert used == numbers(data.PretrainingLoader(kept, 1).epoch(0))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write(tmp_path_factory.mktemp("kept") / "shards", MANY)


def test_a_state_is_small_and_of_plain_values(data: ModuleType, files: list[Path], tmp_path: Path) -> None:
    state = data.PretrainingLoader(files, 2).state_dict(3, 4)
    torch.save({"loader": state}, tmp_path / "checkpoint.pt")
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True) == {"loader": state}
    assert {key: state[key] for key in ("epoch", "rows", "seed")} == {"epoch": 3, "rows": 8, "seed": 0}
    assert len(json.dumps(state)) < 100


def test_shards_may_be_moved_but_not_changed(data: ModuleType, files: list[Path], tmp_path: Path) -> None:
    state = data.PretrainingLoader(files, 2).state_dict(0, 3)
    moved = shutil.copytree(files[0].parent, tmp_path / "moved")
    assert data.PretrainingLoader(sorted(moved.iterdir()), 2).load_state_dict(state) == (0, 3)
    with pytest.raises(data.StateError, match="other shards"):
        data.PretrainingLoader(files[1:], 2).load_state_dict(state)
    with pytest.raises(data.StateError, match="seed 0, not 1"):
        data.PretrainingLoader(files, 2, seed=1).load_state_dict(state)


# --- reading ahead


@pytest.fixture
def reads(data: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files whose rows were read, in order. No thread is left at the end, nor more than two files."""
    names: list[str] = []
    alive: weakref.WeakSet[Any] = weakref.WeakSet()

    class Recorded(data.PretrainingShard):  # type: ignore[misc, name-defined]
        def __init__(self, path: Path, *limits: int | None) -> None:
            names.append(path.name)
            assert len(alive) <= 1, "a third file is read while two are held"
            super().__init__(path, *limits)
            alive.add(self)

    monkeypatch.setattr(data, "PretrainingShard", Recorded)
    yield names
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("read-shard")] == []
    gc.collect()  # an exception's frames
    assert len(alive) == 0


def test_each_file_is_read_once_an_epoch_and_two_are_held_at_most(
    data: ModuleType, reads: list[str], files: list[Path]
) -> None:
    loader = data.PretrainingLoader(files, 2)
    for epoch in range(3):
        assert sorted(real(numbers(loader.epoch(epoch)))) == list(range(sum(MANY)))
    filled = [path.name for path, size in zip(files, MANY, strict=True) if size]
    assert sorted(reads) == sorted(filled * 3)


def test_files_that_are_used_up_are_not_read_again(data: ModuleType, reads: list[str], files: list[Path]) -> None:
    loader = data.PretrainingLoader(files, 1)
    list(loader.epoch(0))
    order = list(reads)
    sizes = {path.name: size for path, size in zip(files, MANY, strict=True)}
    for used in range(len(order) + 1):
        reads.clear()
        list(loader.epoch(0, sum(sizes[name] for name in order[:used])))
        assert reads == order[used:]


def test_the_next_file_is_read_while_one_is_used(data: ModuleType, files: list[Path], monkeypatch: Any) -> None:
    second = threading.Event()
    threads = []

    class Recorded(data.PretrainingShard):  # type: ignore[misc, name-defined]
        def __init__(self, path: Path, *limits: int | None) -> None:
            threads.append(threading.current_thread())
            super().__init__(path, *limits)
            if len(threads) == 2:
                second.set()

    monkeypatch.setattr(data, "PretrainingShard", Recorded)
    batches = data.PretrainingLoader(files, 1).epoch(0)
    next(batches)
    assert second.wait(timeout=30)
    assert threading.main_thread() not in threads
    batches.close()


def test_closing_early_leaves_no_thread(data: ModuleType, reads: list[str], files: list[Path]) -> None:
    loader = data.PretrainingLoader(files, 1)
    for used in (0, 1, 9):
        batches = loader.epoch(0)
        for _ in range(used):
            next(batches)
        batches.close()
    counted = data.CountedBatches(loader.epoch(0))
    for _ in counted:
        break
    del counted
    for _ in loader.epoch(0):
        break


def corrupt(path: Path, name: str) -> None:
    """Spoil the first compressed bytes of an array; header and shapes stay right."""
    with h5py.File(path) as file:
        start = file[name].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(content)


def test_what_fails_in_the_thread_names_the_file(data: ModuleType, reads: list[str], files: list[Path]) -> None:
    loader = data.PretrainingLoader(files, 2)
    list(loader.epoch(0))
    last = files[0].parent / reads[-1]
    corrupt(last, "input_ids")
    batches = loader.epoch(0)
    with pytest.raises(data.ShardError, match=f"{last.name}: cannot be read"):
        list(batches)
    write_shard(last, shard(3))
    with pytest.raises(data.ShardError, match=f"{last.name}: "):
        list(loader.epoch(0))


# --- sizes and types


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64])
@pytest.mark.parametrize("make", [shard, packed_shard])
def test_integers_of_any_width(data: ModuleType, tmp_path: Path, make: Callable[..., Arrays], dtype: type) -> None:
    arrays = make(6)
    arrays["input_ids"][:, 2] = min(np.iinfo(dtype).max, 60_000)
    one, other = (
        list(data.PretrainingLoader([write_shard(tmp_path / name / "part.hdf5", given)], 4).epoch(0))
        for name, given in (("one", arrays), ("other", {key: array.astype(dtype) for key, array in arrays.items()}))
    )
    for batch, expected in zip(other, one, strict=True):
        assert all(torch.equal(batch[name], expected[name]) for name in expected)
    row = data.PretrainingShard(tmp_path / "other" / "part.hdf5")[0]
    assert {t.dtype for t in row.values()} == {torch.int64}
    assert row["input_ids"][2] == arrays["input_ids"][0, 2]


def test_position_0_tells_where_masked_tokens_end_and_not_the_id(data: ModuleType, tmp_path: Path) -> None:
    for make in (shard, packed_shard):
        arrays = make(1)
        arrays["masked_lm_positions"] = np.array([[3, 1, 0]])
        arrays["masked_lm_ids"] = np.array([[0, 9, 8]])
        whole = data.PretrainingShard(write_shard(tmp_path / make.__name__ / "part.hdf5", arrays))
        assert whole[0]["masked_lm_labels"].tolist() == [0, 9, -1]


def test_unpacked_rows_are_cut_as_asked_for(data: ModuleType, tmp_path: Path) -> None:
    arrays = shard(5)
    arrays["masked_lm_positions"][:, :2] = [1, 8]
    arrays["masked_lm_ids"][:, :2] = [60, 61]
    path = write_shard(tmp_path / "data" / "part.hdf5", arrays)
    cut = data.PretrainingShard(path, 8, 2)[0]
    assert {name: tuple(t.shape) for name, t in cut.items()} == {
        **dict.fromkeys(("input_ids", "input_mask", "segment_ids"), (8,)),
        **dict.fromkeys(("masked_lm_positions", "masked_lm_labels"), (2,)),
        "next_sentence_labels": (),
    }
    assert cut["masked_lm_positions"].tolist() == [1, 0]
    assert cut["masked_lm_labels"].tolist() == [60, -1]
    (batch,) = data.PretrainingLoader([path], 5, max_seq_length=8, max_predictions=1).epoch(0)
    assert batch["input_ids"].shape == (5, 8)
    assert (batch["masked_lm_labels"] == 60).all()
    wider = data.PretrainingShard(path, 100, 100)[0]
    assert (wider["input_ids"].shape, wider["masked_lm_labels"].shape) == ((LENGTH,), (MASKED,))


def test_packed_rows_are_never_cut(data: ModuleType, tmp_path: Path) -> None:
    path = write_shard(tmp_path / "data" / "part.hdf5", packed_shard(5))
    masked = h5py.File(path)["masked_lm_ids"].shape[1]
    assert masked > 1
    (batch,) = data.PretrainingLoader([path], 5, max_seq_length=2 * LENGTH, max_predictions=1).epoch(0)
    assert batch["masked_lm_labels"].shape == (5, masked)
    for use in (data.PretrainingShard, lambda *given: data.PretrainingLoader([given[0]], 1, max_seq_length=given[1])):
        with pytest.raises(data.ShardError, match=rf"part.hdf5: packed rows have {2 * LENGTH} tokens, and 31 is"):
            use(path, 2 * LENGTH - 1)


def test_all_batches_are_as_wide_as_the_widest_file(data: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    files = [
        write_shard(folder / "a.hdf5", shard(3, masked=2)),
        write_shard(folder / "b.hdf5", shard(3, first=3, length=2 * LENGTH, masked=4)),
    ]
    batches = list(data.PretrainingLoader(files, 2).epoch(0))
    assert {tuple(batch["input_ids"].shape) for batch in batches} == {(2, 2 * LENGTH)}
    assert {tuple(batch["masked_lm_labels"].shape) for batch in batches} == {(2, 4)}
    assert sorted(numbers(batches)) == list(range(6))
    labels = sum((batch["masked_lm_labels"] != -1).sum() for batch in batches)
    assert labels == sum(
        (arrays["masked_lm_positions"] != 0).sum() for arrays in (shard(3, masked=2), shard(3, masked=4))
    )


def test_sequence_numbers_may_fill_int8(data: ModuleType) -> None:
    same = torch.arange(128, dtype=torch.int8).repeat_interleave(2)  # 0 is padding
    expected = [[a == b != 0 for b in same.tolist()] for a in same.tolist()]
    assert data.block_diagonal_mask(same[None])[0].tolist() == expected


def test_memory_is_pinned_for_the_device_that_is_named(data: ModuleType, files: list[Path], monkeypatch: Any) -> None:
    asked: list[str] = []

    def pin(tensor: Any, device: str) -> Any:
        asked.append(device)
        return tensor.clone()

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    plain, pinned = (list(data.PretrainingLoader(files, 9, pin_memory_device=d).epoch(0)) for d in ("", "hpu"))
    assert asked == ["hpu"] * sum(len(batch) for batch in pinned)
    assert numbers(plain) == numbers(pinned)


# --- files that cannot be used


def refused(data: ModuleType, files: Sequence[Path], **options: Any) -> str:
    with pytest.raises(data.ShardError) as caught:
        list(data.PretrainingLoader(files, 2, **options).epoch(0))
    return str(caught.value)


def test_a_truncated_file_is_named(data: ModuleType, files: list[Path]) -> None:
    whole = files[3].read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        files[3].write_bytes(whole[:size])
        assert refused(data, files).startswith(f"{files[3]}: cannot be read: ")
    files[3].unlink()
    assert refused(data, files).startswith(f"{files[3]}: cannot be read: ")


def test_a_folder_with_both_formats(data: ModuleType, tmp_path: Path) -> None:
    files = [*write(tmp_path / "data", (3, 4)), write_shard(tmp_path / "data" / "x.hdf5", packed_shard(3))]
    assert refused(data, files) == f"{files[2]} is packed and {files[1]} is not: they cannot be mixed"
    with pytest.raises(data.ShardError, match="cannot be mixed"):
        data.mean_sequences_per_row(files)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"input_mask": None}, "unpacked data, but the file has no array input_mask"),
        ({"input_ids": None, "masked_lm_ids": None}, "the file has no array input_ids, masked_lm_ids"),
        ({"positions": np.zeros((4, LENGTH), int)}, "packed data, but the file has no array next_sentence_positions"),
        ({"input_ids": np.zeros((4, LENGTH))}, "input_ids holds float64, and not integers"),
        ({"segment_ids": np.zeros((3, LENGTH), int)}, "the shape of segment_ids does not fit unpacked data"),
        ({"segment_ids": np.zeros((4, 1), int)}, "the shape of segment_ids does not fit"),
        ({"masked_lm_ids": np.zeros((4, 1), int)}, "the shape of masked_lm_ids does not fit"),
        ({"masked_lm_ids": np.zeros(4, int)}, "the shape of masked_lm_ids does not fit"),
        ({"next_sentence_labels": np.zeros((4, 1), int)}, "the shape of next_sentence_labels does not fit"),
        ({"input_ids": np.zeros((), int)}, "the shape of"),
        ({"masked_lm_positions": np.full((4, MASKED), LENGTH)}, f"row 0: masked_lm_positions holds {LENGTH}, and rows"),
        ({"masked_lm_positions": np.full((4, MASKED), -1)}, "row 0: masked_lm_positions holds -1, and rows"),
    ],
)
def test_a_file_that_does_not_fit(data: ModuleType, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    arrays = {key: array for key, array in {**shard(4), **changes}.items() if array is not None}
    path = write_shard(tmp_path / "data" / "part.hdf5", arrays, compression=None)
    message = refused(data, [path])
    assert message.startswith(f"{path}: ")
    assert said in message


def test_packed_positions_must_lie_in_their_row(data: ModuleType, tmp_path: Path) -> None:
    for name in ("positions", "next_sentence_positions", "masked_lm_positions"):
        arrays = packed_shard(4)
        arrays[name][2, 1] = 2 * LENGTH
        path = write_shard(tmp_path / name / "part.hdf5", arrays)
        assert refused(data, [path]) == f"{path}: row 2: {name} holds {2 * LENGTH}, and rows have {2 * LENGTH} tokens"


def test_there_must_be_rows(data: ModuleType, tmp_path: Path) -> None:
    assert refused(data, []) == "no files"
    assert refused(data, write(tmp_path / "data", (0, 0))) == f"no rows in the 2 files of {tmp_path / 'data'}"


# --- sequences in a row


def test_unpacked_rows_hold_one_sequence(data: ModuleType, tmp_path: Path) -> None:
    assert data.mean_sequences_per_row(write(tmp_path / "data", MANY)) == 1.0


def test_the_mean_comes_from_the_metadata_else_from_the_files(data: ModuleType, tmp_path: Path) -> None:
    files = write(tmp_path / "data", MANY, packed_shard)
    counted = sum(row % 3 > 0 for size in MANY for row in range(size)) / sum(MANY) + 1
    metadata = tmp_path / "data_metadata.json"
    for known, expected in (
        ("", counted),
        ('{"packing_algorithm": "x"}', counted),
        ('{"avg_seq_per_sample": 2.5}', 2.5),
    ):
        if known:
            metadata.write_text(known)
        assert data.mean_sequences_per_row(files) == pytest.approx(expected, rel=1e-12)


def test_metadata_are_found_where_the_folder_is_linked(
    data: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "real", (3,), packed_shard)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real_metadata.json").write_text('{"avg_seq_per_sample": 3}')
    assert data.mean_sequences_per_row([tmp_path / "link" / "part-0.hdf5"]) == 3.0
    (tmp_path / "link_metadata.json").write_text('{"avg_seq_per_sample": 4}')
    assert data.mean_sequences_per_row([str(tmp_path / "link" / "part-0.hdf5")]) == 4.0
    monkeypatch.chdir(tmp_path / "real")
    assert data.mean_sequences_per_row(["part-0.hdf5"]) == 3.0
    assert data.mean_sequences_per_row(["../link/part-0.hdf5"]) == 4.0


@pytest.mark.parametrize(
    "known", ["{", "[1]", *(f'{{"avg_seq_per_sample": {x}}}' for x in ("0", "-1", '"2"', "true", "NaN"))]
)
def test_wrong_metadata_are_named(data: ModuleType, tmp_path: Path, known: str) -> None:
    files = write(tmp_path / "data", (3,), packed_shard)
    metadata = tmp_path / "data_metadata.json"
    metadata.write_text(known)
    with pytest.raises(data.ShardError) as caught:
        data.mean_sequences_per_row(files)
    assert str(caught.value).startswith(f"{metadata}: ")


def test_metadata_make_a_folder_packed(data: ModuleType, tmp_path: Path) -> None:
    files = write(tmp_path / "data", (3,))
    (tmp_path / "data_metadata.json").write_text('{"avg_seq_per_sample": 2.5}')
    assert refused(data, files).startswith(f"{files[0]}: packed data, but the file has no array positions, ")
    (tmp_path / "data_metadata.json").write_text("{}")
    assert sorted(real(numbers(data.PretrainingLoader(files, 2).epoch(0)))) == [0, 1, 2]


def test_empty_rows_do_not_count(data: ModuleType, tmp_path: Path) -> None:
    whole = shard(3, length=2 * LENGTH)
    arrays = pack(whole, [[0, 1], [], [2], []], PER_ROW)
    path = write_shard(tmp_path / "data" / "part.hdf5", arrays)
    assert data.mean_sequences_per_row([path]) == 0.75
    (batch,) = data.PretrainingLoader([path], 4).epoch(0)
    assert data.count_sequences(batch) == 3
    path = write_shard(tmp_path / "empty" / "part.hdf5", pack(whole, [[], []], PER_ROW))
    with pytest.raises(data.ShardError, match="no sequences in the 1 files of"):
        data.mean_sequences_per_row([path])
