"""Python around the device's kernels, there only while something asks for it.

torch's dispatcher uses the kernel registered last and goes back to the one before when a library ends, so that the
kernels cost nothing more while nothing lies over them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from torch.library import Library

Kernel = Callable[..., Any]
Wrapper = Callable[[str, Kernel], Kernel]

_kernels: dict[tuple[str, str], Kernel] = {}
_wrappers: dict[str, Wrapper] = {}
_libraries: list[Library] = []


def register(library: Library, name: str, key: str, kernel: Kernel) -> None:
    """Register a kernel that may be covered later."""
    library.m.impl(name, key, kernel, False)
    _kernels[name, key] = kernel


def cover(label: str, wrapper: Wrapper) -> None:
    """Put `wrapper(name, kernel)` in the place of every kernel, until `uncover(label)`."""
    _wrappers[label] = wrapper
    _rebuild()


def uncover(label: str) -> None:
    """Take it off again."""
    if _wrappers.pop(label, None) is not None:
        _rebuild()


def _rebuild() -> None:
    _libraries.clear()
    if not _wrappers:
        return
    library = Library("aten", "IMPL")
    with warnings.catch_warnings():
        # torch says once that a kernel is overridden, which is what this is for.
        warnings.filterwarnings("ignore", message=".*verrid", category=UserWarning)
        for (name, key), kernel in _kernels.items():
            covered = kernel
            for wrapper in _wrappers.values():
                covered = wrapper(name, covered)
            library.m.impl(name, key, covered, False)
    _libraries.append(library)
