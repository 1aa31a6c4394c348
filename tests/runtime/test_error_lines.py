"""Errors found in what processes print."""

from __future__ import annotations

import pytest

from migrator.runtime.error_lines import ErrorLines


def found(*lines: str, count: int = 4) -> ErrorLines:
    errors = ErrorLines(count)
    for line in lines:
        errors.take(line)
    return errors


@pytest.mark.parametrize(
    "line",
    [
        "ValueError: no file",
        "[rank0]: ValueError: no file\r",
        "[default3]:[rank3]: ValueError: no file",
        "[1,0]<stderr>:ValueError: no file",
        "\x1b[1;35mValueError\x1b[0m: \x1b[35mno file\x1b[0m",
    ],
)
def test_the_process_and_the_colours_are_left_out(line: str) -> None:
    assert found(line).lines() == ["ValueError: no file"]


@pytest.mark.parametrize(
    "line",
    [
        '    raise ValueError("no file")',
        "step 3: no Error: here",
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ",
        "loss: 7.1",
        "UserWarning: slow",
        "",
    ],
)
def test_other_lines_are_none(line: str) -> None:
    assert found(line).lines() == []


def test_each_stands_once_and_the_last_ones_stay() -> None:
    lines = ["[rank0]: a.b.CommError: closed", "ValueError: x", "[rank1]: a.b.CommError: closed", "KeyError: 'y'"]
    assert found(*lines).lines() == ["ValueError: x", "a.b.CommError: closed", "KeyError: 'y'"]
    assert found(*lines, count=2).lines() == ["a.b.CommError: closed", "KeyError: 'y'"]


def test_whether_they_can_be_seen() -> None:
    errors = found("ValueError: x")
    assert errors.among(["a", "  [rank0]: \x1b[1mValueError\x1b[0m: x"])
    assert not errors.among(["ValueError"])


def test_a_module_that_is_missing() -> None:
    assert found("ModuleNotFoundError: No module named 'tqdm.auto'").missing_module == "tqdm.auto"
    assert found("ModuleNotFoundError: No module named 'six'", "ValueError: x").missing_module == ""
    assert found().missing_module == ""
