"""A histogram of lengths from a JSON file, for plans without the data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from migrator.errors import UsageError
from migrator.packing.algorithms.histogram import LengthHistogram

KEYS = ("counts_by_length_1_based", "counts")
_HINT = f"give a JSON list of how many sequences have length 1, 2, 3, ..., or an object with it under {KEYS[0]!r}"


def read_histogram(path: Path) -> LengthHistogram:
    """The first number counts the sequences of length 1; there are as many as a row has tokens.

    Raises `UsageError` for a file that cannot be read or holds something else.
    """
    counts = _counts(path, _parsed(path))
    for length, count in enumerate(counts, start=1):
        if type(count) is not int or count < 0:  # True is an int to Python, not to whoever wrote the file
            raise UsageError(
                f"{path}: the count of length {length} is {json.dumps(count)}, not a whole number from 0 up"
            )
    if not sum(counts):
        raise UsageError(f"{path}: there are no sequences in it", hint=_HINT)
    return LengthHistogram(tuple(counts))


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # JSON's own, bytes that are not text, too deep nesting
        raise UsageError(f"{path} is not JSON: {error}", hint=_HINT) from error


def _counts(path: Path, found: Any) -> list[Any]:
    if isinstance(found, dict):
        held = [key for key in KEYS if key in found]
        if not held:
            raise UsageError(f"{path} has neither {KEYS[0]!r} nor {KEYS[1]!r}", hint=_HINT)
        found = found[held[0]]
    if not isinstance(found, list):
        raise UsageError(f"{path}: the counts are not a list", hint=_HINT)
    return found
