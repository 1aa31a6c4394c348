"""Try again after a network failure, waiting longer each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from migrator.repo.failures import NetworkError
from migrator.repo.settings import Progress, Settings

_T = TypeVar("_T")


def with_retries(action: Callable[[], _T], settings: Settings, progress: Progress) -> _T:
    """Return what `action` returns; a `NetworkError` is met with 1, 2, 4... seconds of waiting and another try."""
    for attempt in range(1, settings.tries):
        try:
            return action()
        except NetworkError as error:
            pause = 2.0 ** (attempt - 1)
            progress(f"{error.message}; try {attempt + 1} of {settings.tries} in {pause:g} s")
            settings.sleep(pause)
    return action()
