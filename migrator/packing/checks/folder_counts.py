"""What is in a packed folder, counted, and what its metadata and its manifest say of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CLOSE = 1e-6  # relative, of numbers that are not counts


@dataclass(frozen=True)
class FileCounts:
    rows: int
    sequences: int


@dataclass(frozen=True)
class Counts:
    """Of rows without faults, but for `rows`, `row_length` and the widths."""

    files: Mapping[str, FileCounts]
    tokens: int
    masked_tokens: int
    row_length: int  # S
    masked_width: int  # P, of the widest file
    per_row: int  # K, of the widest file
    most_sequences: int  # in a row

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files.values())

    @property
    def sequences(self) -> int:
        return sum(file.sequences for file in self.files.values())

    @property
    def factor(self) -> float:
        """Sequences a row."""
        return self.sequences / self.rows if self.rows else 1.0

    @property
    def filled(self) -> float:
        """The share of tokens that are no padding."""
        return self.tokens / (self.rows * self.row_length) if self.rows else 1.0


def read_facts(path: Path) -> tuple[dict[str, Any], str]:
    """A JSON file that holds names and values, and what is wrong with it."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, "is missing"
    except (OSError, ValueError) as error:
        return {}, f"cannot be read: {error}"
    return (facts, "") if isinstance(facts, dict) else ({}, "holds no names and values")


def metadata_faults(metadata: Mapping[str, Any], counts: Counts) -> Iterator[str]:
    """What the metadata of any packer say otherwise than the files; what they do not name is not missed."""
    if "avg_seq_per_sample" not in metadata:
        yield "lacks avg_seq_per_sample, from which trainers take their batch size"
    padding = counts.rows * counts.row_length - counts.tokens
    yield from _unequal(
        metadata,
        {
            "avg_seq_per_sample": counts.factor,
            "number_of_sequences": counts.sequences,
            "number_of_rows": counts.rows,
            "max_sequence_length": counts.row_length,
            "max_sequences_per_row": counts.per_row,
            "max_predictions_per_row": counts.masked_width,
            # what the packer of Gaudi's model references names besides
            "new_number_of_samples": counts.rows,
            "padding_tokens_packed_dataset": padding,
            "packing_efficiency": counts.filled,
        },
    )
    dropped, original = metadata.get("number_of_sequences_dropped"), metadata.get("original_number_of_samples")
    if isinstance(dropped, int) and isinstance(original, int) and original - dropped != counts.sequences:
        yield (
            f"says {original:,} sequences of which {dropped:,} were dropped, that is {original - dropped:,}; "
            f"the files hold {counts.sequences:,}"
        )


def manifest_faults(manifest: Mapping[str, Any], counts: Counts) -> Iterator[str]:
    """Where our own manifest and the files differ, but for the list of files."""
    found = {
        "sequences": counts.sequences,
        "tokens": counts.tokens,
        "masked_tokens": counts.masked_tokens,
        "rows": counts.rows,
        "row_length": counts.row_length,
        "sequences_per_row": counts.per_row,
        "predictions_per_row": counts.masked_width,
    }
    yield from (f"does not say {key}" for key in found if key not in manifest)
    yield from _unequal(manifest, found)


def _unequal(said: Mapping[str, Any], found: Mapping[str, float]) -> Iterator[str]:
    for key, value in found.items():
        if key in said and not _equal(said[key], value):
            yield f"says {key} is {said[key]}, in the files it is {value}"


def _equal(said: object, found: float) -> bool:
    if not isinstance(said, int | float):
        return False
    return said == found if isinstance(found, int) else math.isclose(said, found, rel_tol=_CLOSE)


def file_faults(manifest: Mapping[str, Any], counts: Counts, digests: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(file, what is wrong) of files that the manifest lists, and of those that it does not; `digests` by file."""
    listed = manifest.get("files")
    if not isinstance(listed, list) or not all(isinstance(entry, dict) and "name" in entry for entry in listed):
        yield "", "does not list its files"
        return
    known = {str(entry["name"]): entry for entry in listed}
    yield from ((name, "is not in the manifest") for name in digests if name not in known)
    for name, entry in known.items():
        if name not in digests:
            yield name, "is missing: the manifest lists it"
        elif entry.get("sha256") != digests[name]:
            yield name, "was changed since it was written: its sha256 is not the manifest's"
        if (found := counts.files.get(name)) is not None:
            wrong = _unequal(entry, {"rows": found.rows, "sequences": found.sequences})
            yield from ((name, f"is described wrongly: the manifest {text}") for text in wrong)
