"""A trainer's arguments."""

from __future__ import annotations

import pytest

from migrator.errors import UsageError
from migrator.runtime.trainer_arguments import Value, filled, merged, overridden, placeholders, words

ARGUMENTS: dict[str, Value] = {"input_dir": "{data}/x", "max_steps": "7038", "fp16": False, "json-summary": "{out}/log"}


def test_a_later_part_wins_and_the_first_gives_the_order() -> None:
    assert list(merged([{"a": "1", "b": "2"}, {"c": True, "a": "3"}]).items()) == [("a", "3"), ("b", "2"), ("c", True)]


def test_placeholders_and_what_stands_for_them() -> None:
    assert placeholders(ARGUMENTS.values()) == {"data", "out"}
    assert placeholders([True, "plain", ""]) == set()
    done = filled(ARGUMENTS, {"data": "/d", "out": "a {b}"})
    assert done == {"input_dir": "/d/x", "max_steps": "7038", "fp16": False, "json-summary": "a {b}/log"}


def test_the_command_line() -> None:
    assert words({"a": "1", "flag": True, "off": False, "json-summary": "x y", "empty": ""}) == [
        "--a=1",
        "--flag",
        "--json-summary=x y",
        "--empty=",
    ]


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ("max_steps=20", "max_steps", "20"),
        ("max-steps=20", "max_steps", "20"),
        ("--max_steps=20", "max_steps", "20"),
        ("json_summary=a=b", "json-summary", "a=b"),
        ("max_steps=", "max_steps", ""),
        ("fp16=true", "fp16", True),
        ("fp16=false", "fp16", False),
    ],
)
def test_a_setting_of_the_user_s(setting: str, name: str, value: Value) -> None:
    changed = overridden(ARGUMENTS, [setting])
    assert changed == {**ARGUMENTS, name: value}
    assert list(changed) == list(ARGUMENTS)


def test_the_last_of_two_settings_counts() -> None:
    assert overridden(ARGUMENTS, ["max_steps=1", "max_steps=2"])["max_steps"] == "2"


@pytest.mark.parametrize(
    ("setting", "said", "hint"),
    [
        ("max_steps", "there is no value", "name=value"),
        ("max_step=3", "no such argument", "did you mean max_steps?"),
        ("seed=3", "no such argument", "further arguments come after --"),
        ("fp16=yes", "given or not", "true or false"),
    ],
)
def test_settings_that_mean_nothing(setting: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        overridden(ARGUMENTS, [setting])
    assert hint in caught.value.hint
