"""What a packing is asked to be. The same request on the same input gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrator.errors import UsageError
from migrator.packing.algorithms.solve import Algorithm


@dataclass(frozen=True)
class Reading:
    """What decides which sequences there are."""

    row_length: int | None = None  # tokens of a packed row; None: as long as the input's rows
    most_masked: int | None = None  # masked tokens a sequence may have; None: as many as the input has room for
    skip_bad: bool = False


@dataclass(frozen=True)
class Packing:
    """What decides where they go."""

    per_row: int | None = None  # sequences a row at most; None: the smallest limit that is nearly as good as none
    unlimited: bool = False
    algorithm: Algorithm = Algorithm.NEAR_OPTIMAL
    seconds: float = 30.0  # for the plan
    seed: int = 0
    shards: int | None = None  # files to write; None: as many as the input has

    def __post_init__(self) -> None:
        """Raises `UsageError` for numbers that ask for nothing."""
        for what, number in (("sequences a row", self.per_row), ("shards", self.shards)):
            if number is not None and number < 1:
                raise UsageError(f"{number} {what}: there is at least 1")
        if self.seed < 0:
            raise UsageError(f"the seed {self.seed} is below 0")


@dataclass(frozen=True)
class Request:
    input: Path
    output: Path
    reading: Reading = Reading()
    packing: Packing = Packing()
