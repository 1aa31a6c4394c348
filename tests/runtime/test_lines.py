"""Lines out of pieces of a stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrator.runtime.lines import LONGEST, LastLines, LineSplitter


def split(*blocks: bytes) -> list[str]:
    lines: list[str] = []
    splitter = LineSplitter(lines.append)
    for block in blocks:
        splitter.feed(block)
    splitter.close()
    return lines


@given(st.lists(st.binary(max_size=20)))
def test_the_pieces_do_not_matter(blocks: list[bytes]) -> None:
    assert split(*blocks) == split(b"".join(blocks))


def test_line_ends_and_progress_bars() -> None:
    assert split(b"a\r\nb\n\n 10%\r 20%\rend") == ["a", "b", " 10%", " 20%", "end"]


def test_bytes_that_are_no_text() -> None:
    assert split(b"caf\xe9\n\x00") == ["caf�", "\x00"]


def test_a_stream_without_line_ends_stays_small() -> None:
    lines: list[str] = []
    splitter = LineSplitter(lines.append)
    for _ in range(100):
        splitter.feed(b"x" * LONGEST)
    assert splitter.inside_a_line
    splitter.feed(b"\nnext\n")
    assert [len(line) for line in lines] == [LONGEST, 4]
    assert not splitter.inside_a_line


def test_the_last_lines_without_the_blank_ones() -> None:
    last = LastLines(2)
    for line in ("one", "two ", "", "  ", "three"):
        last.take(line)
    assert last.lines() == ["two", "three"]
