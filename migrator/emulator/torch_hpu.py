"""The module `torch.hpu`: one card, always there. Random numbers are those of the CPU's default generator."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch

from migrator.emulator.counters import note_host_read
from migrator.emulator.device import check_index
from migrator.emulator.memory import max_memory_allocated, memory_allocated, reset_peak_memory_stats

__all__ = [
    "current_device",
    "device",
    "device_count",
    "device_of",
    "empty_cache",
    "get_amp_supported_dtype",
    "get_rng_state",
    "get_rng_state_all",
    "init",
    "initial_seed",
    "is_available",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "memory_allocated",
    "reset_peak_memory_stats",
    "seed",
    "set_device",
    "set_rng_state",
    "set_rng_state_all",
    "synchronize",
]


def is_available() -> bool:
    """The emulated card is always there."""
    return True


def is_initialized() -> bool:
    """Nothing is left to initialise."""
    return True


def init() -> None:
    """Nothing is left to initialise."""


def _is_in_bad_fork() -> bool:
    """A forked child may use the device: it is CPU memory."""
    return False


def device_count() -> int:
    """Cards that this process sees."""
    return 1


def current_device() -> int:
    """The only card's index."""
    return 0


def set_device(device: Any) -> None:
    """Any card but the only one is an error."""
    check_index(_as_device(device))


class device:  # noqa: N801 - torch.cuda's name
    """`with torch.hpu.device(0):`; any card but the only one is an error."""

    def __init__(self, device: Any) -> None:
        check_index(_as_device(device))

    def __enter__(self) -> None:
        """Nothing to switch to."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing to switch back from."""


class device_of(device):  # noqa: N801 - torch.cuda's name
    """The device of a tensor."""

    def __init__(self, tensor: Any) -> None:
        super().__init__(tensor.device if tensor.device.type == "hpu" else None)


def synchronize(device: Any = None) -> None:
    """Wait for the device, which is never behind; a host read when counted."""
    set_device(device)
    note_host_read("synchronize")


def empty_cache() -> None:
    """Memory goes back when its tensors go."""


def get_amp_supported_dtype() -> list[Any]:
    """Types that `torch.autocast("hpu")` takes."""
    return [torch.bfloat16, torch.float16, torch.float32]


def manual_seed(seed: int) -> None:
    """Seed the device's generator, which is the CPU's."""
    torch.default_generator.manual_seed(int(seed))


manual_seed_all = manual_seed


def seed() -> None:
    """Seed it from the system."""
    torch.default_generator.seed()


def initial_seed() -> int:
    """The seed it had last."""
    return int(torch.default_generator.initial_seed())


def get_rng_state(device: Any = None) -> Any:
    """The generator's state, a CPU tensor of bytes."""
    set_device(device)
    return torch.default_generator.get_state()


def get_rng_state_all() -> list[Any]:
    """The same, for every card."""
    return [get_rng_state()]


def set_rng_state(state: Any, device: Any = None) -> None:
    """Put such a state back."""
    set_device(device)
    torch.default_generator.set_state(state.cpu())


def set_rng_state_all(states: Any) -> None:
    """The same, for every card."""
    for index, state in enumerate(states):
        set_rng_state(state, index)


def _as_device(device: Any) -> Any:
    if device is None or isinstance(device, torch.device):
        return device
    return torch.device("hpu", device) if isinstance(device, int) else torch.device(device)
