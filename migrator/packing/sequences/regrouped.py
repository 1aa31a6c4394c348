"""Sequences in groups of another size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.sequences.ragged import Sequences

_ONE_EACH = ("lengths", "masked_counts", "labels")
_ONE_A_MASKED_TOKEN = ("masked_positions", "masked_ids")


def regrouped(parts: Iterable[Sequences], size: int) -> Iterator[Sequences]:
    """The sequences of all parts, in their order, `size` at a time and fewer at the end; no empty group."""
    waiting: list[Sequences] = []
    count = 0
    for part in parts:
        waiting.append(part)
        count += len(part)
        if count < size:
            continue
        whole = joined(waiting)
        for start in range(0, count - count % size, size):
            yield sliced(whole, start, start + size)
        waiting, count = [sliced(whole, count - count % size, count)], count % size
    if count:
        yield joined(waiting)


def joined(parts: list[Sequences]) -> Sequences:
    """The sequences of one or more parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    return Sequences(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Sequences)}
    )


def sliced(sequences: Sequences, start: int, stop: int) -> Sequences:
    """Sequences `start` to `stop`."""
    tokens = _span(sequences.lengths, start, stop)
    masked = _span(sequences.masked_counts, start, stop)

    def part(name: str) -> NDArray[Any]:
        span = slice(start, stop) if name in _ONE_EACH else masked if name in _ONE_A_MASKED_TOKEN else tokens
        return np.asarray(getattr(sequences, name)[span])

    return Sequences(**{field.name: part(field.name) for field in fields(Sequences)})


def _span(counts: NDArray[Any], start: int, stop: int) -> slice:
    """Where the elements of runs `start` to `stop` lie, if runs of so many follow one another."""
    first = int(counts[:start].sum(dtype=np.int64))
    return slice(first, first + int(counts[start:stop].sum(dtype=np.int64)))
