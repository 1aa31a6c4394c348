"""No file can steer the terminal that shows it."""

from __future__ import annotations

from migrator.core.visible import visible


def test_control_characters_become_symbols() -> None:
    assert visible("a\x1b[2Jb\x00\r\x7f") == "a\u241b[2Jb\u2400\u240d\u2421"


def test_marks_that_reorder_text_are_shown() -> None:
    assert visible("a\x9b\u202eb\u2066") == "a\ufffd\ufffdb\ufffd"


def test_ordinary_text_stays() -> None:
    assert visible("\tdef f():  # é 漢\n") == "\tdef f():  # é 漢\n"
