from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.errors import UsageError
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.histogram_file import read_histogram


@pytest.mark.parametrize(
    "held",
    [
        [0, 2, 5],
        {"counts": [0, 2, 5], "source": "a data set"},
        {"counts_by_length_1_based": [0, 2, 5], "counts": "not asked for"},
    ],
)
def test_a_list_or_an_object_with_counts_is_read(tmp_path: Path, held: object) -> None:
    path = tmp_path / "lengths.json"
    path.write_text(json.dumps(held), encoding="utf-8")
    assert read_histogram(path) == LengthHistogram((0, 2, 5))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[1, 2", "is not JSON"),
        ('"\\udcff'.encode("utf-16").decode("latin-1"), "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("7", "the counts are not a list"),
        ('{"counts": {"1": 5}}', "the counts are not a list"),
        ('{"lengths": [1]}', "has neither 'counts_by_length_1_based' nor 'counts'"),
        ("[1, -2]", "the count of length 2 is -2, not a whole number"),
        ("[1, 2.5]", "the count of length 2 is 2.5"),
        ("[true]", "the count of length 1 is true"),
        ('["3"]', 'the count of length 1 is "3"'),
        ("[]", "there are no sequences in it"),
        ("[0, 0]", "there are no sequences in it"),
    ],
)
def test_anything_else_is_refused_with_the_reason(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "lengths.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=r"lengths\.json") as refused:
        read_histogram(path)
    assert what in refused.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*none\.json: No such file"):
        read_histogram(tmp_path / "none.json")
