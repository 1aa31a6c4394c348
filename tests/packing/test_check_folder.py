"""What stands in and beside a packed folder must be what is in its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.packing import oracle
from tests.packing.made_data import write_data
from tests.packing.plain_packing import change, pack_plainly, write_metadata
from tests.packing.runs import packed
from tests.packing.test_check import checked
from tests.packing.test_unpack import LENGTHS

ROWS, SEQUENCES = 6, 13


def found(folder: Path) -> list[tuple[str, str]]:
    """(file, what is wrong with it)."""
    return [(place.file, fault.what) for fault in checked(folder).faults for place in fault.first]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "in", LENGTHS)


@pytest.fixture
def plain(data: Path, tmp_path: Path) -> Path:
    folder = pack_plainly(data, tmp_path / "plain")
    assert sum(len(oracle.arrays(path)["input_ids"]) for path in oracle.shards(folder)) == ROWS
    return folder


@pytest.fixture
def ours(data: Path, tmp_path: Path) -> Path:
    packed(data, tmp_path / "ours")
    return tmp_path / "ours"


def test_metadata_that_are_missing(plain: Path) -> None:
    plain.with_name("plain_metadata.json").unlink()

    assert found(plain) == [("plain_metadata.json", "is missing")]


@pytest.mark.parametrize(("text", "what"), [("[1]", "holds no names and values"), ("{", "cannot be read: Expecting")])
def test_metadata_that_are_none(plain: Path, text: str, what: str) -> None:
    plain.with_name("plain_metadata.json").write_text(text)

    ((file, wrong),) = found(plain)

    assert file == "plain_metadata.json"
    assert wrong.startswith(what)


@pytest.mark.parametrize("wrong", [2e-6, -2e-6])
def test_the_mean_of_sequences_a_row(plain: Path, wrong: float) -> None:
    write_metadata(plain, avg_seq_per_sample=SEQUENCES / ROWS * (1 + wrong / 4))
    assert found(plain) == []

    write_metadata(plain, avg_seq_per_sample=SEQUENCES / ROWS * (1 + wrong))
    ((_, what),) = found(plain)
    assert what.startswith("says avg_seq_per_sample is 2.16")
    assert what.endswith("in the files it is 2.1666666666666665")


def test_metadata_without_the_mean(plain: Path) -> None:
    write_metadata(plain, number_of_rows=ROWS)

    assert found(plain) == [
        ("plain_metadata.json", "lacks avg_seq_per_sample, from which trainers take their batch size")
    ]


COUNTS: dict[str, Any] = {
    "avg_seq_per_sample": SEQUENCES / ROWS,
    "number_of_sequences": SEQUENCES,
    "number_of_rows": ROWS,
    "max_sequence_length": 32,
    "max_sequences_per_row": 3,
    "new_number_of_samples": ROWS,
    "padding_tokens_packed_dataset": float(ROWS * 32 - sum(map(sum, LENGTHS))),
    "packing_efficiency": sum(map(sum, LENGTHS)) / (ROWS * 32),
    "original_number_of_samples": SEQUENCES,
    "number_of_sequences_dropped": 0,
    "top_8_strategies": [1, 2, 3],
}


def test_metadata_that_name_more(plain: Path) -> None:
    write_metadata(plain, **COUNTS)

    assert found(plain) == []


@pytest.mark.parametrize("key", [key for key in COUNTS if not key.startswith(("top", "original", "number_of_seq"))])
@pytest.mark.parametrize("value", [99, "99", None, True])
def test_a_wrong_number_in_metadata(plain: Path, key: str, value: object) -> None:
    write_metadata(plain, **{**COUNTS, key: value})

    ((_, what),) = found(plain)
    assert what.startswith(f"says {key} is {value}, in the files it is ")


def test_sequences_that_were_lost_by_the_packers_own_figures(data: Path, tmp_path: Path) -> None:
    """As the packer that Gaudi's users have: 0 dropped, it says, and the last ones are nowhere."""
    folder = pack_plainly(data, tmp_path / "plain", range(10))
    rows = sum(len(oracle.arrays(path)["input_ids"]) for path in oracle.shards(folder))
    write_metadata(folder, avg_seq_per_sample=10 / rows, original_number_of_samples=13, number_of_sequences_dropped=0)

    assert found(folder) == [
        (
            "plain_metadata.json",
            "says 13 sequences of which 0 were dropped, that is 13; the files hold 10",
        )
    ]


def test_a_file_that_was_changed(ours: Path) -> None:
    path = oracle.shards(ours)[1]
    change(path, "next_sentence_labels", (0, 0), 5)

    assert found(ours) == [(path.name, "was changed since it was written: its sha256 is not the manifest's")]


def test_a_file_that_is_missing(ours: Path) -> None:
    path = oracle.shards(ours)[1]
    path.unlink()

    assert (path.name, "is missing: the manifest lists it") in found(ours)
    assert any(what.startswith("says rows is ") for file, what in found(ours) if file == "manifest.json")


def test_a_file_that_was_added(ours: Path) -> None:
    (ours / "z.hdf5").write_bytes(oracle.shards(ours)[0].read_bytes())

    assert ("z.hdf5", "is not in the manifest") in found(ours)


def change_manifest(folder: Path, how: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    how(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "key", ["sequences", "tokens", "masked_tokens", "rows", "row_length", "sequences_per_row", "predictions_per_row"]
)
def test_a_count_of_the_manifest(ours: Path, key: str) -> None:
    change_manifest(ours, lambda manifest: manifest.update({key: manifest[key] + 1}))
    ((file, what),) = found(ours)
    assert file == "manifest.json"
    assert what.startswith(f"says {key} is ")

    change_manifest(ours, lambda manifest: manifest.pop(key))
    assert found(ours) == [("manifest.json", f"does not say {key}")]


@pytest.mark.parametrize("key", ["rows", "sequences"])
def test_a_count_of_a_file(ours: Path, key: str) -> None:
    name = oracle.shards(ours)[0].name
    change_manifest(ours, lambda manifest: manifest["files"][0].update({key: 99}))

    ((file, what),) = found(ours)

    assert file == name
    assert what.startswith(f"is described wrongly: the manifest says {key} is 99, in the files it is ")


@pytest.mark.parametrize("files", [None, 5, [5], [{}]])
def test_a_manifest_without_files(ours: Path, files: object) -> None:
    change_manifest(ours, lambda manifest: manifest.update(files=files))

    assert found(ours) == [("manifest.json", "does not list its files")]


def test_a_manifest_that_is_none(ours: Path) -> None:
    (ours / "manifest.json").write_text("{")

    ((file, what),) = found(ours)

    assert file == "manifest.json"
    assert what.startswith("cannot be read: Expecting")
