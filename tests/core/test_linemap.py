"""Line maps, checked by example and against difflib's own account of two texts."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.findings import LineRange
from migrator.core.linemap import Hunk, LineMap, between, line_starts, touches

OLD = ["a", "b", "c", "d", "e", "f"]
NEW = ["a", "B1", "B2", "c", "d", "new", "e"]  # b replaced by two lines, a line put in after d, f dropped
MAP = LineMap(
    (
        Hunk(LineRange(2, 1), LineRange(2, 2)),
        Hunk(LineRange(5, 0), LineRange(6, 1)),
        Hunk(LineRange(6, 1), LineRange(8, 0)),
    )
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LineRange(1, 1), LineRange(1, 1)),  # a: before every hunk
        (LineRange(2, 1), LineRange(2, 2)),  # b: the whole hunk
        (LineRange(3, 1), LineRange(4, 1)),  # c: moved down by one
        (LineRange(3, 3), LineRange(4, 4)),  # c to e: what was put in between belongs to it
        (LineRange(5, 1), LineRange(7, 1)),  # e: what was put in before it does not
        (LineRange(6, 1), LineRange(8, 0)),  # f: dropped, the gap it left
        (LineRange(5, 0), LineRange(6, 0)),  # the gap stays before what was put into it
        (LineRange(2, 0), LineRange(2, 0)),  # the gap before a replaced line
        (LineRange(3, 0), LineRange(4, 0)),  # the gap after it
        (LineRange(1, 6), LineRange(1, 7)),
    ],
)
def test_forward(old: LineRange, new: LineRange) -> None:
    assert MAP.forward(old) == new


@pytest.mark.parametrize(
    ("new", "old"),
    [
        (LineRange(3, 1), LineRange(2, 1)),  # the second line of a replacement: the whole hunk
        (LineRange(3, 0), LineRange(2, 1)),  # a gap inside a replacement, too
        (LineRange(6, 1), LineRange(5, 0)),  # a line put in: the gap it was put into
        (LineRange(7, 1), LineRange(5, 1)),
        (LineRange(8, 0), LineRange(6, 0)),  # a gap left by a dropped line stays before it
    ],
)
def test_backward(new: LineRange, old: LineRange) -> None:
    assert MAP.backward(new) == old


def test_no_hunks_move_nothing() -> None:
    assert LineMap().forward(LineRange(7, 3)) == LineRange(7, 3)
    assert LineMap().backward(LineRange(7, 0)) == LineRange(7, 0)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (LineRange(3, 2), LineRange(4, 1), True),
        (LineRange(3, 2), LineRange(5, 1), False),
        (LineRange(3, 0), LineRange(3, 0), True),
        (LineRange(3, 0), LineRange(4, 0), False),
        (LineRange(3, 0), LineRange(3, 2), True),
        (LineRange(5, 0), LineRange(3, 2), True),
        (LineRange(6, 0), LineRange(3, 2), False),
    ],
)
def test_touches_both_ways(a: LineRange, b: LineRange, expected: bool) -> None:
    assert touches(a, b) is expected
    assert touches(b, a) is expected


def test_line_starts_know_every_ending() -> None:
    assert line_starts(b"a\nb\r\nc\rd") == [0, 2, 5, 7]


def test_between_finds_the_hunks() -> None:
    assert between(OLD, NEW) == MAP


LINES = st.lists(st.sampled_from("abcd"), max_size=12)


def _images(old: list[str], new: list[str]) -> dict[int, LineRange]:
    """Where each line of `old` stands in `new`, told from difflib's opcodes alone."""
    images = {}
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for i in range(i1, i2):
            images[i + 1] = LineRange(j1 + i - i1 + 1, 1) if tag == "equal" else LineRange(j1 + 1, j2 - j1)
    return images


@given(LINES, LINES)
def test_every_line_goes_where_difflib_puts_it(old: list[str], new: list[str]) -> None:
    linemap = between(old, new)
    for line, image in _images(old, new).items():
        assert linemap.forward(LineRange(line, 1)) == image


@given(LINES, LINES, st.data())
def test_a_range_goes_to_the_hull_of_its_lines(old: list[str], new: list[str], data: st.DataObject) -> None:
    if not old:
        return
    start = data.draw(st.integers(1, len(old)))
    stop = data.draw(st.integers(start + 1, len(old) + 1))
    images = _images(old, new)
    first, last = images[start], images[stop - 1]
    moved = between(old, new).forward(LineRange(start, stop - start))
    assert (moved.start, moved.stop) == (first.start, last.stop)


@given(LINES, LINES)
def test_backward_is_forward_of_the_turned_map(old: list[str], new: list[str]) -> None:
    linemap = between(old, new)
    turned = LineMap(tuple(Hunk(h.after, h.before) for h in linemap.hunks))
    for line in range(1, len(new) + 1):
        for count in (0, 1, 2):
            assert linemap.backward(LineRange(line, count)) == turned.forward(LineRange(line, count))


@given(LINES, LINES, st.data())
def test_a_gap_lies_between_the_images_of_its_neighbours(old: list[str], new: list[str], data: st.DataObject) -> None:
    gap = data.draw(st.integers(1, len(old) + 1))
    images = _images(old, new)
    above = images[gap - 1].start if gap > 1 else 1
    below = images[gap].stop if gap <= len(old) else len(new) + 1
    moved = between(old, new).forward(LineRange(gap, 0))
    assert above <= moved.start <= moved.stop <= below
    inside = gap > 1 and gap <= len(old) and images[gap - 1] == images[gap]  # both lines lie in one hunk
    assert moved.count == (images[gap].count if inside else 0)
