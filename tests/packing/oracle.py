"""Reads padded and packed shards with plain h5py and plain loops, knowing nothing of the code that wrote them.

A sequence is turned into bytes: its length, the number of its masked tokens, its label, tokens, segments, masked
positions counted from its begin, and masked ids. Along the way every rule of the packed format is asserted.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Row = dict[str, Any]  # lists of ints; one int for the label of a padded row

PADDED_KEYS = (
    "input_ids", "input_mask", "segment_ids", "masked_lm_positions", "masked_lm_ids", "next_sentence_labels",
)  # fmt: skip
PACKED_KEYS = {*PADDED_KEYS, "positions", "next_sentence_positions", "next_sentence_weights"}


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.hdf5"))


def arrays(path: Path, keys: Collection[str] = ()) -> dict[str, Any]:
    """The datasets `keys` of a file, by default all there are."""
    with h5py.File(path, "r") as file:
        return {key: file[key][()] for key in (keys or list(file))}


def padded(folder: Path) -> Counter[bytes]:
    """The sequences of a folder of padded shards."""
    return Counter(sequence for path in shards(folder) for sequence in padded_shard(path))


def padded_shard(path: Path) -> list[bytes]:
    """The sequences of one padded shard, in their order."""
    return [_padded_row(row) for row in _rows(path, PADDED_KEYS)]


def packed(folder: Path) -> Counter[bytes]:
    """The sequences of a packed folder, whose rows keep to the format."""
    return Counter(sequence for path in shards(folder) for row in _rows(path) for sequence in packed_row(row))


def in_order(folder: Path) -> list[bytes]:
    """The same, in the order of the files."""
    return [sequence for path in shards(folder) for row in _rows(path) for sequence in packed_row(row)]


def _rows(path: Path, keys: Collection[str] = ()) -> Iterator[Row]:
    found = arrays(path, keys)
    assert len({len(array) for array in found.values()}) == 1
    lists = {key: array.tolist() for key, array in found.items()}
    for row in range(len(lists["input_ids"])):
        yield {key: values[row] for key, values in lists.items()}


def _sequence(row: Row, begin: int, end: int, label: int, masked: list[tuple[int, int]]) -> bytes:
    numbers = [end - begin, len(masked), label, *row["input_ids"][begin:end], *row["segment_ids"][begin:end]]
    return np.array(numbers + [place - begin for place, _ in masked] + [id_ for _, id_ in masked], "<i8").tobytes()


def _masked(row: Row) -> list[tuple[int, int]]:
    """(position, id) up to the first position 0, which trainers take for the end."""
    pairs = list(zip(row["masked_lm_positions"], row["masked_lm_ids"], strict=True))
    count = next((at for at, (place, _) in enumerate(pairs) if place == 0), len(pairs))
    assert all(pair == (0, 0) for pair in pairs[count:])
    return pairs[:count]


def _padded_row(row: Row) -> bytes:
    return _sequence(row, 0, sum(row["input_mask"]), row["next_sentence_labels"], _masked(row))


def packed_row(row: Row) -> list[bytes]:
    """The sequences of one packed row; asserts that it keeps to the format."""
    spans = _spans(row["input_mask"])
    length, used = len(row["input_mask"]), spans[-1][1]
    _assert_empty(row, used, length)
    masked = _masked(row)
    found = []
    for number, (begin, end) in enumerate(spans):
        assert row["positions"][begin:end] == list(range(end - begin))
        assert row["next_sentence_positions"][number] == begin
        assert row["next_sentence_weights"][number] == 1
        own = [pair for pair in masked if begin < pair[0] < end]
        found.append(_sequence(row, begin, end, row["next_sentence_labels"][number], own))
    assert sum(begin < place < end for place, _ in masked for begin, end in spans) == len(masked)
    for key in ("next_sentence_positions", "next_sentence_labels", "next_sentence_weights"):
        assert not any(row[key][len(spans) :])
    return found


def _spans(mask: list[int]) -> list[tuple[int, int]]:
    """Begin and end of each sequence; they are numbered 1, 2, 3, ... without gaps."""
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(mask) and mask[at]:
        begin = at
        while at < len(mask) and mask[at] == len(spans) + 1:
            at += 1
        assert at > begin, mask
        spans.append((begin, at))
    assert spans
    assert not any(mask[at:])
    return spans


def _assert_empty(row: Row, used: int, length: int) -> None:
    for key in ("input_ids", "segment_ids", "positions"):
        assert len(row[key]) == length
        assert not any(row[key][used:]), key


def assert_told_right(folder: Path) -> None:
    """Manifest and metadata say what the files hold, and the folder holds nothing else."""
    manifest = json.loads((folder / "manifest.json").read_text())
    metadata = json.loads(folder.with_name(f"{folder.name}_metadata.json").read_text())
    paths = shards(folder)
    found = [arrays(path) for path in paths]
    rows = sum(len(shard["input_ids"]) for shard in found)
    sequences = sum(int(shard["next_sentence_weights"].sum(dtype=np.int64)) for shard in found)
    assert metadata == {
        "avg_seq_per_sample": sequences / rows,
        "number_of_sequences": sequences,
        "number_of_rows": rows,
        "max_sequence_length": found[0]["input_ids"].shape[1],
        "max_sequences_per_row": found[0]["next_sentence_labels"].shape[1],
        "max_predictions_per_row": found[0]["masked_lm_ids"].shape[1],
    }
    assert (manifest["rows"], manifest["sequences"]) == (rows, sequences)
    assert manifest["tokens"] == sum(int((shard["input_mask"] != 0).sum()) for shard in found)
    assert manifest["masked_tokens"] == sum(int((shard["masked_lm_positions"] != 0).sum()) for shard in found)
    assert manifest["row_length"] == metadata["max_sequence_length"]
    assert manifest["sequences_per_row"] == metadata["max_sequences_per_row"]
    assert manifest["predictions_per_row"] == metadata["max_predictions_per_row"]
    assert manifest["files"] == [_told(path, shard) for path, shard in zip(paths, found, strict=True)]
    assert _plan_of(found) == Counter({tuple(lengths): count for lengths, count in manifest["plan"]["patterns"]})
    assert {path.name for path in folder.iterdir()} - {"quarantine.json"} == {"manifest.json", *(p.name for p in paths)}


def _told(path: Path, shard: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": path.name,
        "rows": len(shard["input_ids"]),
        "sequences": int(np.count_nonzero(shard["next_sentence_weights"])),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _plan_of(found: list[dict[str, Any]]) -> Counter[tuple[int, ...]]:
    masks = (mask for shard in found for mask in shard["input_mask"].tolist())
    return Counter(tuple(sorted((end - begin for begin, end in _spans(mask)), reverse=True)) for mask in masks)


def assert_of_one_format(folder: Path) -> None:
    """All shards have the nine datasets, of the same types and widths, integers all of them."""
    for path in shards(folder):
        found = arrays(path)
        assert set(found) == PACKED_KEYS
        forms = {key: (array.dtype, array.shape[1:]) for key, array in found.items()}
        assert all(dtype.kind == "i" and len(width) == 1 for dtype, width in forms.values())
        first = arrays(shards(folder)[0])
        assert forms == {key: (array.dtype, array.shape[1:]) for key, array in first.items()}


def everything(folder: Path) -> dict[str, bytes]:
    """Every file of a packed folder, and the metadata beside it, as bytes."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {**files, "metadata": folder.with_name(f"{folder.name}_metadata.json").read_bytes()}
