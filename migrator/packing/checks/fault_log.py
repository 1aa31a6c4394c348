"""What a check found: each kind of fault with how often and where first."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST = 5  # places that are kept of each kind


@dataclass(frozen=True)
class Place:
    file: str
    row: int | None = None  # from 0; None for the file as a whole


@dataclass
class Found:
    """One kind of fault; where `rows`, it is said of rows ("holds no tokens"), else of a file or of the folder."""

    what: str
    rows: bool
    count: int = 0
    first: list[Place] = field(default_factory=list)


class FaultLog:
    """Takes any number of faults, keeps few."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, bool], Found] = {}

    def note(self, what: str, file: str, row: int | None = None, count: int = 1) -> None:
        """`count` faults of a kind, of which this is where the first is."""
        found = self._found.setdefault((what, row is not None), Found(what, row is not None))
        found.count += count
        if len(found.first) < FIRST:
            found.first.append(Place(file, row))

    @property
    def kinds(self) -> list[Found]:
        """Every kind that was found, in the order in which it was first."""
        return list(self._found.values())
