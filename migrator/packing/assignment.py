"""Which sequence goes into which row: a plan names lengths only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.sequences.ragged import Ints, starts_of, within_runs

Index = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class RowOrder:
    """Rows in the order they are written; the sequences of a row stand together, longest first."""

    sequences: Index  # [all sequences], by number
    per_row: NDArray[np.unsignedinteger[Any]]  # [rows]


def assign(plan: PackingPlan, lengths: Ints, masked_counts: Ints, seed: int) -> RowOrder:
    """Draw sequences for every row of the plan at random, and put the rows into random order.

    Neighbours in the input, often of one document, so end up in different rows, and rows of one pattern apart. Among
    the rows of one pattern, sequences with many masked tokens meet those with few, so that fewer columns hold them.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    mixed = rng.permutation(len(lengths)).astype(_index_type(len(lengths)))
    by_length = mixed[np.argsort(np.asarray(lengths)[mixed], kind="stable")]
    next_of = np.concatenate([[0], np.cumsum(np.bincount(lengths, minlength=plan.row_length + 1))])
    next_of = next_of.tolist()
    parts: list[Index] = []
    sizes: list[Index] = []
    for pattern, rows in plan.patterns:
        columns = []
        for length in pattern:
            columns.append(by_length[next_of[length] : next_of[length] + rows])
            next_of[length] += rows
        parts.append(_balanced(columns, masked_counts).ravel())
        sizes.append(np.full(rows, len(pattern), np.uint16))
    order = RowOrder(_joined(parts, by_length.dtype), _joined(sizes, np.dtype(np.uint16)))
    return _shuffled(order, rng)


def _index_type(count: int) -> np.dtype[Any]:
    return np.dtype(np.uint32 if count < 2**32 else np.uint64)


def _joined(parts: list[Index], dtype: np.dtype[Any]) -> Index:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _balanced(columns: list[Index], masked_counts: Ints) -> Index:
    """[rows, sequences a row]; each column ordered so that the rows' sums of masked tokens come close together."""
    if len(columns) > 1 and len(columns[0]) > 1:
        total = np.asarray(masked_counts)[columns[0]].astype(np.int64)
        for at in range(1, len(columns)):
            counts = np.asarray(masked_counts)[columns[at]].astype(np.int64)
            fewest = np.argsort(counts, kind="stable")
            column = np.empty_like(columns[at])
            column[np.argsort(-total, kind="stable")] = columns[at][fewest]
            columns[at] = column
            total += np.asarray(masked_counts)[column]
    return np.stack(columns, axis=1)


def _shuffled(order: RowOrder, rng: np.random.Generator) -> RowOrder:
    rows = rng.permutation(len(order.per_row))
    per_row = order.per_row[rows]
    begins = starts_of(order.per_row)[rows]
    places = within_runs(per_row)
    places += np.repeat(begins, per_row)
    return RowOrder(order.sequences[places], per_row)


def most_masked(order: RowOrder, masked_counts: Ints) -> int:
    """Masked tokens in the row that has most."""
    if not len(order.per_row):
        return 0
    counts = np.asarray(masked_counts)[order.sequences]
    return int(np.add.reduceat(counts, starts_of(order.per_row), dtype=np.int64).max())
