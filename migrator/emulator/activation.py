"""Registers the device, its operators and the patches of torch's Python side, once a process."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from migrator.emulator.preconditions.real_installation import refuse_to_hide
from migrator.emulator.preconditions.versions import check_torch
from migrator.emulator.profile import AutocastLists, current
from migrator.errors import UsageError

_active: dict[str, object] = {}


def is_active() -> bool:
    """Whether this process has the emulated device."""
    return bool(_active)


def activate_from_environment() -> None:
    """Activate what the environment asks for, unless this process has the device. Raises as `activate` does, and
    `UsageError` where Gaudi's own software is installed.
    """
    if not _active:
        refuse_to_hide(sys.path)
        activate(autocast=current().autocast)


def activate(*, autocast: AutocastLists = "gaudi", check_aliases: bool = False) -> None:
    """Make `hpu` a device of this process. A second call with the same options does nothing.

    `autocast` chooses the operators that `torch.autocast("hpu")` casts: Gaudi's documented defaults (or the lists that
    its environment variables name), or those of CPU autocast, for comparing with a CPU run. `check_aliases` compares
    each cached CPU alias with its tensor at every use, to find operators that leave it stale; slow. Raises
    `UsageError` without a tested torch, with other options than the first call's, or when another package has taken
    the PrivateUse1 device.
    """
    options = {"autocast": autocast, "check_aliases": check_aliases}
    if _active:
        if _active != options:
            raise UsageError(
                f"the emulated hpu device is already active with {_active}, asked for {options}",
                hint="activate it once, before anything else does",
            )
        return
    _check_environment()
    with _without_collections():
        # Imported here: these modules import torch, which is an optional extra.
        importlib.import_module("migrator.emulator.registration").register_all(autocast, check_aliases)
    _active.update(options)


@contextmanager
def _without_collections() -> Iterator[None]:
    """A thousand kernels and no garbage: collections would take a third of the time of activation."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _check_environment() -> None:
    try:
        import torch  # noqa: PLC0415 - optional
    except ImportError as error:
        raise UsageError(
            "the emulated hpu device needs torch, which is not installed",
            hint="pip install 'migrator[emulator]'",
        ) from error
    check_torch(torch.__version__)
    private = importlib.import_module("migrator.emulator.torch_private.eager")
    taken = private.privateuse1_name()
    if taken != "privateuseone":
        raise UsageError(
            f"another package has already registered the device {taken!r} in torch's only slot for one",
            hint="run the emulated hpu device in a process that does not load that package",
        )
