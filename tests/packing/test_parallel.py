"""Work in threads, results in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator

import pytest

from migrator.packing.parallel import AHEAD, ordered


def running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("pack")]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_keep_the_order_of_the_items(workers: int) -> None:
    def work(item: int) -> int:
        time.sleep(0.001 * (item % 3))
        return item * item

    assert list(ordered(work, range(40), workers)) == [item * item for item in range(40)]
    assert not running()


def test_no_items() -> None:
    assert list(ordered(str, [], 3)) == []


def test_never_more_in_memory_than_agreed() -> None:
    taken: list[int] = []

    def noted(item: int) -> int:
        taken.append(item)
        return item

    for number, _ in enumerate(ordered(str, map(noted, range(30)), 2), start=1):
        assert len(taken) - number < 2 + AHEAD


def test_a_failure_passes_and_nothing_goes_on() -> None:
    done = []

    def work(item: int) -> int:
        if item == 3:
            raise ValueError("three")
        done.append(item)
        return item

    with pytest.raises(ValueError, match="three"):
        list(ordered(work, range(1000), 2))
    assert not running()
    assert len(done) < 20


def test_what_has_not_begun_at_a_failure_never_does() -> None:
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        time.sleep(0.05)
        if item == 0:
            raise ValueError("zero")

    with pytest.raises(ValueError, match="zero"):
        list(ordered(work, range(9), 1))
    assert 2 not in begun


def test_a_failure_of_the_items_passes() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(ordered(str, items(), 2))
    assert not running()


def test_nothing_goes_on_for_who_stops_asking() -> None:
    results = ordered(str, range(1000), 2)
    assert isinstance(results, Generator)
    assert next(results) == "0"

    results.close()

    assert not running()
