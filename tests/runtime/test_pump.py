"""Carrying a stream."""

from __future__ import annotations

import os

import pytest

from migrator.runtime.pump import Pump
from migrator.runtime.sinks import ReaderGoneError


def test_all_of_it_comes_through_in_order_to_every_taker() -> None:
    reading, writing = os.pipe()
    first: list[bytes] = []
    second: list[bytes] = []
    pump = Pump(reading, [first.append, second.append])
    pump.start()
    sent = bytes(range(256)) * 2000
    with os.fdopen(writing, "wb") as file:
        file.write(sent)
    pump.join(60)
    pump.writers_ended()
    assert b"".join(first) == b"".join(second) == sent
    assert not pump.reader_gone


def test_it_ends_although_an_unknown_process_holds_the_other_end() -> None:
    reading, writing = os.pipe()
    taken: list[bytes] = []
    pump = Pump(reading, [taken.append])
    os.write(writing, b"the last words")
    pump.start()
    pump.writers_ended()
    pump.join(60)
    assert not pump.is_alive()
    assert taken == [b"the last words"]
    os.close(writing)


def test_when_the_reader_goes_the_writer_is_told() -> None:
    reading, writing = os.pipe()

    def gone(_: bytes) -> None:
        raise ReaderGoneError

    pump = Pump(reading, [gone])
    pump.start()
    os.write(writing, b"x")
    pump.join(60)
    assert pump.reader_gone
    with pytest.raises(BrokenPipeError):
        os.write(writing, b"y")
    os.close(writing)
    pump.writers_ended()
