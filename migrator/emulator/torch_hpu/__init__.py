"""The module `torch.hpu`, with the names of the bridge's habana_frameworks.torch.hpu (release 1.19) that exist here.

Names that the bridge has and this device has not (graphs and metrics belong to the emulated habana_frameworks) raise
an AttributeError that says so.
"""

from __future__ import annotations

import sys

from migrator.emulator.names.not_emulated import missing
from migrator.emulator.torch_hpu import cards, events, memory, precision, random, settings, streams, tensor_types
from migrator.emulator.torch_hpu.cards import *  # noqa: F403 - all of a part's public names, as the bridge has them
from migrator.emulator.torch_hpu.events import *  # noqa: F403
from migrator.emulator.torch_hpu.memory import *  # noqa: F403
from migrator.emulator.torch_hpu.precision import *  # noqa: F403
from migrator.emulator.torch_hpu.random import *  # noqa: F403
from migrator.emulator.torch_hpu.settings import *  # noqa: F403
from migrator.emulator.torch_hpu.streams import *  # noqa: F403
from migrator.emulator.torch_hpu.tensor_types import *  # noqa: F403

_PARTS = (cards, events, memory, precision, random, settings, streams, tensor_types)
__all__ = sorted({name for part in _PARTS for name in part.__all__})  # noqa: PLE0605
# What torch itself looks for on a device's module.
_lazy_init = cards.init
_NO_CACHE = "exists on no Gaudi: the bridge reserves all of the card's memory and has no such call"
# Names of torch.cuda that programs try, and why there is none.
ABSENT = {"empty_cache": _NO_CACHE, "ipc_collect": _NO_CACHE}
__getattr__ = missing("torch.hpu", **ABSENT)


def _is_in_bad_fork() -> bool:
    """A forked child may use the device: it is CPU memory."""
    return False


def install() -> None:
    """Make `import torch.hpu.random` and its like work, as for a package."""
    for part in (events, memory, random, streams):
        sys.modules[f"torch.hpu.{part.__name__.rpartition('.')[2]}"] = part
