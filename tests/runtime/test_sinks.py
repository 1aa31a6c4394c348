"""Writing to descriptors that may stop taking anything."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from migrator.runtime.sinks import ReaderGoneError, Sink, WholeLines


def test_a_reader_that_went_is_told_apart() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(ReaderGoneError):
        Sink(writing, "pipe").write(b"x")
    os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_the_first_failure_is_kept_and_nothing_more_is_written() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        sink = Sink(full.fileno(), "full")
        sink.write(b"x")
        failure = sink.failure
        sink.write(b"x")
    assert failure is not None
    assert failure.strerror == "No space left on device"
    assert sink.failure is failure


def test_a_descriptor_that_does_not_wait_gets_all_the_same() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    sent = bytes(range(256)) * 4000
    writer = threading.Thread(target=lambda: (Sink(writing, "pipe").write(sent), os.close(writing)))
    writer.start()
    with os.fdopen(reading, "rb") as file:
        assert file.read() == sent
    writer.join()


def test_lines_of_two_streams_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        sink = Sink(file.fileno(), "log")
        one, two = WholeLines(sink), WholeLines(sink)
        for stream, block in ((one, b"on"), (two, b"two\ntw"), (one, b"e\r\n\xff"), (two, b"o"), (one, b"")):
            stream.write(block)
        one.close()
        two.close()
    assert path.read_bytes() == b"two\none\r\n\xfftwo"


def test_a_line_without_an_end_is_written_some_time(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        lines = WholeLines(Sink(file.fileno(), "log"))
        for _ in range(10):
            lines.write(b"x" * 50_000)
        assert path.stat().st_size >= 400_000
        lines.close()
    assert path.read_bytes() == b"x" * 500_000
