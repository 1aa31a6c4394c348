"""Which line of the user's program is running: the innermost outside torch, Python's library and this package."""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from functools import cache
from pathlib import Path
from types import FrameType

# Line 0 of no file: nobody's line, as in a thread that torch made.
Place = tuple[str, int]
NOWHERE: Place = ("", 0)
_GENERATED = ("<hpu kernel", "<frozen", "<eval_with_key>")
_INSTALLED = ("site-packages", "dist-packages")


def users_place() -> Place:
    """The user's file and line that this thread is in, or NOWHERE."""
    return _place(sys._getframe())


def responsible_place() -> Place:
    """The same; in one of autograd's own threads, the line that waits for backward."""
    place = _place(sys._getframe())
    return place if place is not NOWHERE else _place(_waiting_for_backward())


def _place(frame: FrameType | None) -> Place:
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return NOWHERE


def _waiting_for_backward() -> FrameType | None:
    """A thread in autograd's engine, the main thread first: the engine does not say whose graph it works on."""
    main = threading.main_thread().ident
    for _, frame in sorted(sys._current_frames().items(), key=lambda item: item[0] != main):
        if frame.f_code.co_name == "_engine_run_backward":
            return frame
    return None


@cache
def is_users(filename: str) -> bool:
    """Whether code of this file is the user's, or of a library that the user called."""
    if filename.startswith((*_GENERATED, *_own_folders())):
        return False
    standard = sysconfig.get_path("stdlib") + os.sep
    return not filename.startswith(standard) or any(each in filename for each in _INSTALLED)


@cache
def _own_folders() -> tuple[str, str]:
    torch = Path(sys.modules["torch"].__file__ or "").parent
    return f"{torch}{os.sep}", f"{Path(__file__).parents[1]}{os.sep}"
