"""What is sent to a trainer that is to end, and when."""

from __future__ import annotations

import signal

from migrator.runtime.escalation import GRACE, LAST_GRACE, Escalation


def test_ten_seconds_then_sigterm_then_sigkill_until_it_is_gone() -> None:
    first = Escalation.begin(100.0)
    assert (first.number, first.due, GRACE) == (signal.SIGTERM, 110.0, 10.0)
    second = first.after(110.0)
    assert (second.number, second.due) == (signal.SIGKILL, 110.0 + LAST_GRACE)
    assert second.after(113.0).number == signal.SIGKILL


def test_asked_again_it_is_killed_at_once() -> None:
    assert Escalation.begin(100.0).hurry(101.0) == Escalation(signal.SIGKILL, 101.0)


def test_the_time_left() -> None:
    assert Escalation.begin(100.0).remaining(104.0) == 6.0
    assert Escalation.begin(100.0).remaining(200.0) == 0.0
