"""The benchmark's processes: what each case came to is reported, also when a process does not survive it."""

from __future__ import annotations

import sys

import pytest

from benchmarks.opinfo import NOT_MEASURED, isolated, row

CASES = """
import os, signal, sys
for name in ("good", "bad", "fatal", "exits", "last")[int(sys.argv[1]):]:
    print("begin", name, sep="\\t", flush=True)
    if name == "fatal":
        os.kill(os.getpid(), signal.SIGSEGV)
    if name == "exits":
        os._exit(3)
    print("end", "differs" if name == "bad" else "", sep="\\t", flush=True)
"""


def test_a_crash_is_a_result_and_the_rest_goes_on() -> None:
    results = dict(isolated([sys.executable, "-c", CASES]))

    assert results == {
        "good": "",
        "bad": "differs",
        "fatal": "crash: SIGSEGV",
        "exits": "crash: exit code 3",
        "last": "",
    }
    assert row("some", results) == "| some | 2 | 5 | 40.0 % | 2 |"


def test_a_process_that_ends_between_cases_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        list(isolated([sys.executable, "-c", "raise SystemExit(3)"]))


def test_what_was_not_measured_does_not_count() -> None:
    assert row("some", {"one": "", "two": NOT_MEASURED}) == "| some | 1 | 1 | 100.0 % | 0 |"
