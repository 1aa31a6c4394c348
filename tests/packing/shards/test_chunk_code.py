from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from migrator.packing.shards.writing import Column, ShardFile, encode


@pytest.mark.parametrize("given", ["u2", "u4"])
def test_narrow_numbers_are_written_as_the_wider_type_of_the_dataset(given: str, tmp_path: Path) -> None:
    values = np.arange(0, 40_000, 500, dtype=given).reshape(-1, 4)
    column = Column(np.dtype("<i4"), 4)

    file = ShardFile(tmp_path / "x.hdf5", len(values), {"ids": column})
    file.write(encode({"ids": values}, 0, file.chunk_rows, {"ids": column.dtype}))
    file.close()

    with h5py.File(tmp_path / "x.hdf5") as written:
        assert written["ids"].dtype == "<i4"
        assert written["ids"][:].tolist() == values.tolist()
