"""Which files of a folder are packed."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import UsageError
from migrator.packing.input_files import shard_files, training_files


def folder(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_training_shards_alone_where_names_tell(tmp_path: Path) -> None:
    made = folder(tmp_path, "wiki_training_1.hdf5", "wiki_test_0.hdf5", "wiki_training_0.hdf5", "notes.txt")
    taken, passed_over = training_files(made)
    assert (names(taken), names(passed_over)) == (
        ["wiki_training_0.hdf5", "wiki_training_1.hdf5"],
        ["wiki_test_0.hdf5"],
    )


def test_all_shards_where_names_do_not_tell(tmp_path: Path) -> None:
    taken, passed_over = training_files(folder(tmp_path, "b.h5", "a.hdf5"))
    assert (names(taken), passed_over) == (["a.hdf5", "b.h5"], [])


def test_one_file(tmp_path: Path) -> None:
    path = folder(tmp_path, "wiki_test_0.hdf5") / "wiki_test_0.hdf5"
    assert training_files(path) == ([path], [])


def test_a_folder_to_check_is_taken_whole(tmp_path: Path) -> None:
    assert len(shard_files(folder(tmp_path, "packed_training_0.hdf5", "other.hdf5"))) == 2


def test_no_shards(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no"):
        training_files(folder(tmp_path, "notes.txt"))
