"""Trailers of commit messages: what is written is what is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.trailers import format_trailers, parse_trailers

KEYS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,20}", fullmatch=True)
VALUES = st.text().map(lambda text: " ".join(text.split())).filter(lambda text: len(text.splitlines()) < 2)


def test_one_line_an_entry_in_order() -> None:
    assert format_trailers({"Stage": "minimal", "Rule-Count": "12"}) == "Stage: minimal\nRule-Count: 12\n"


def test_an_empty_value_leaves_no_space_at_the_end_of_the_line() -> None:
    assert format_trailers({"Overlay": ""}) == "Overlay:\n"


@pytest.mark.parametrize("key", ["", "two words", "colon:", "-dash", "ümlaut", "a\n"])
def test_a_key_that_git_would_not_read_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no trailer key"):
        format_trailers({key: "value"})


@pytest.mark.parametrize("value", [" a", "a ", "a\nb", "a\rb", "a\u2028b"])
def test_a_value_that_would_not_be_read_back_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not one line"):
        format_trailers({"Key": value})


def test_the_last_paragraph_is_read() -> None:
    message = "Subject\n\nNote: this is the body\n\nStage: minimal\nTarget: release=1.24 mode=lazy\n"
    assert parse_trailers(message) == {"Stage": "minimal", "Target": "release=1.24 mode=lazy"}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Subject",
        "fix: a subject is no trailer",
        "Subject\n\nA body.",
        "Subject\n\nStage: minimal\nand a line of text",
        "Subject\n\nStage: minimal\n\nA body after it.",
    ],
)
def test_a_message_without_trailers_has_none(message: str) -> None:
    assert parse_trailers(message) == {}


def test_a_folded_value_is_joined_and_of_two_the_last_counts() -> None:
    assert parse_trailers("S\n\nKey: one\n  two\nKey2: a\nKey2: b\n") == {"Key": "one two", "Key2": "b"}


@given(st.dictionaries(KEYS, VALUES, min_size=1))
def test_what_is_written_is_read_back(trailers: dict[str, str]) -> None:
    assert parse_trailers("Subject\n\nBody.\n\n" + format_trailers(trailers)) == trailers
