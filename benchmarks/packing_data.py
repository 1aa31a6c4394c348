"""Made-up pre-training shards with realistic lengths and entropy, in NVIDIA's format: quickly, to measure packing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

_VOCABULARY = 30522
_SHARD = 25_000


def make_shards(folder: Path, sequences: int, length: int, histogram: Path | None = None) -> None:
    """`sequences` rows of `length` tokens, 25,000 a file. Lengths follow the histogram, or Wikipedia's rough shape."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    shares = _shares(length, histogram)
    for number, start in enumerate(range(0, sequences, _SHARD)):
        arrays = _shard(rng, min(_SHARD, sequences - start), length, shares)
        with h5py.File(folder / f"made_training_{number:05d}.hdf5", "w") as file:
            for key, values in arrays.items():
                file.create_dataset(key, data=values, compression="gzip")


def _shares(length: int, histogram: Path | None) -> NDArray[np.float64]:
    if histogram is not None:
        counts = np.array(json.loads(histogram.read_text(encoding="utf-8"))["counts_by_length_1_based"], float)
    else:  # a fifth of the rows is full, most are short: the shape of Wikipedia's 512-token rows (arXiv 2107.02027)
        counts = np.exp(-np.arange(length) / (0.45 * length))
        counts[-max(1, length // 100) :] += 0.25 * counts.sum() / max(1, length // 100)
    counts[:4] = 0  # [CLS], a word and two [SEP]
    return np.asarray(counts / counts.sum())


def _shard(rng: np.random.Generator, rows: int, length: int, shares: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    width = 80 if length > 128 else 20
    lengths = rng.choice(length, rows, p=shares) + 1
    real = np.arange(length) < lengths[:, None]
    second = rng.integers(1, lengths)
    counts = np.minimum(width, np.maximum(1, np.round(0.15 * lengths).astype(int)))
    masked = np.arange(width) < counts[:, None]
    step = (lengths - 1)[:, None] / counts[:, None]
    places = 1 + np.arange(width) * step + rng.random((rows, width)) * np.maximum(step - 1, 0)
    return {
        "input_ids": np.where(real, _tokens(rng, (rows, length)), 0).astype("i4"),
        "input_mask": real.astype("i1"),
        "segment_ids": (real & (np.arange(length) >= second[:, None])).astype("i1"),
        "masked_lm_positions": np.where(masked, places, 0).astype("i4"),
        "masked_lm_ids": np.where(masked, _tokens(rng, (rows, width)), 0).astype("i4"),
        "next_sentence_labels": rng.integers(0, 2, rows).astype("i1"),
    }


def _tokens(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Zipf's law: the r-th token is as frequent as 1 / r; about ten bits each, as text has."""
    return np.exp(rng.random(shape, dtype=np.float32) * np.float32(np.log(_VOCABULARY - 1))).astype(np.int32)
