"""Which sequences of operators, with which shapes, a run had: each new one is a graph that Gaudi has to compile.

A graph is what runs between two boundaries: step marks in lazy mode, optimizer steps otherwise. Its operators count
with the shapes and types of their tensors; Python numbers do not, and neither do views, which show in the shapes of
what follows. Dataflow is not part of it: two graphs with the same operators on other tensors of the same shapes are
one.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from migrator.emulator.counting.frames import NOWHERE, Place

# An operator's name, then shape and type of each tensor in turn.
Signature = tuple[Any, ...]


@dataclass(frozen=True)
class Change:
    """The first operator in which a graph differs from the one that the same line closed before.

    `before` and `after` are operators with their shapes, empty where that graph had ended. File and line are those
    of the user that ran the operator `after`, or waited for the backward pass that did.
    """

    before: str
    after: str
    file: str
    line: int


@dataclass(frozen=True)
class NewGraph:
    """A graph not seen before: the user's line that closed it, its number of operators, and what made it new.

    `change` is `None` for the first graph of a line. `step` numbers the boundaries of the run from 1.
    """

    file: str
    line: int
    step: int
    operators: int
    change: Change | None


class GraphLog:
    """The operators since the last boundary, and what is known of the graphs before."""

    def __init__(self) -> None:
        self._numbers: dict[Signature, int] = {}
        self._open: list[int] = []
        self._places: list[Place] = []
        self._seen: set[bytes] = set()
        self._last: dict[Place, Sequence[int]] = {}
        self.operators = 0
        self.steps = 0
        self.new: list[NewGraph] = []

    def note(self, signature: Signature, place: Place) -> None:
        """One operator ran."""
        self._open.append(self._numbers.setdefault(signature, len(self._numbers)))
        self._places.append(place)

    @property
    def pending(self) -> int:
        """Operators since the last boundary."""
        return len(self._open)

    def close(self, place: Place) -> None:
        """A boundary at the user's line `place`. Nothing happens when no operator ran since the last one."""
        if not self._open:
            return
        sequence, places = array("L", self._open), self._places
        self._open, self._places = [], []
        self.steps += 1
        self.operators += len(sequence)
        digest = hashlib.blake2b(sequence.tobytes(), digest_size=16).digest()
        if digest not in self._seen:
            self._seen.add(digest)
            change = self._change(self._last.get(place), sequence, places)
            self.new.append(NewGraph(*place, self.steps, len(sequence), change))
        self._last[place] = sequence

    def _change(self, before: Sequence[int] | None, after: Sequence[int], places: list[Place]) -> Change | None:
        if before is None:
            return None
        shorter = min(len(before), len(after))
        index = next((i for i in range(shorter) if before[i] != after[i]), shorter)
        names = {number: signature for signature, number in self._numbers.items()}
        was, now = (describe(names[each[index]]) if index < len(each) else "" for each in (before, after))
        return Change(was, now, *(places[index] if index < len(places) else NOWHERE))


def describe(signature: Signature) -> str:
    """As text: `aten::mm(float32[4, 16], float32[16, 8])`."""
    name, *rest = signature
    pairs = zip(rest[::2], rest[1::2], strict=True)
    tensors = (f"{str(kind).removeprefix('torch.')}{list(shape)}" for shape, kind in pairs)
    return f"{name}({', '.join(tensors)})"
