"""`torch.hpu.random`: random numbers of the device, which are those of the CPU's default generator.

Sharing it makes a run on the emulated device draw the numbers of a CPU run; on a real card the two are separate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from migrator.emulator.device import HPU, check_index

__all__ = [
    "default_generators",
    "get_rng_state",
    "get_rng_state_all",
    "initial_seed",
    "manual_seed",
    "manual_seed_all",
    "seed",
    "seed_all",
    "set_rng_state",
    "set_rng_state_all",
]

default_generators = (torch.default_generator,)


def manual_seed(seed: int) -> Any:
    """Seed the device's generator and return it."""
    return torch.default_generator.manual_seed(int(seed))


def manual_seed_all(seed: int) -> None:
    """The same, for every card of this process: the one."""
    manual_seed(seed)


def seed() -> int:
    """Seed it from the system; the seed."""
    return int(torch.default_generator.seed())


def seed_all() -> None:
    """The same, for every card of this process."""
    seed()


def initial_seed() -> int:
    """The seed it had last."""
    return int(torch.default_generator.initial_seed())


def get_rng_state(device: Any = "hpu") -> Any:
    """The generator's state, a CPU tensor of bytes. Raises `RuntimeError` for another card than this process's."""
    _check(device)
    return torch.default_generator.get_state()


def set_rng_state(new_state: Any, device: Any = "hpu") -> None:
    """Put such a state back. Raises as `get_rng_state`."""
    _check(device)
    torch.default_generator.set_state(new_state.cpu())


def get_rng_state_all() -> list[Any]:
    """The state of every card of this process."""
    return [get_rng_state()]


def set_rng_state_all(new_states: Sequence[Any]) -> None:
    """Put such states back. Raises `RuntimeError` unless there is one."""
    if len(new_states) != 1:
        raise RuntimeError(f"set_rng_state_all takes the state of this process's one card, got {len(new_states)}")
    set_rng_state(new_states[0])


def _check(device: Any) -> None:
    check_index(torch.device(HPU.type, device) if isinstance(device, int) else torch.device(device or "hpu"))
