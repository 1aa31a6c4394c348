"""The backend `hccl`: a process group of gloo's that stands for Gaudi's, for hpu tensors only.

As in the public bridge (release 1.19, habana_frameworks/torch/distributed/hccl) it is registered for the device hpu
alone: a CPU tensor in an `hccl` group is torch's own error, and `"cpu:gloo,hpu:hccl"` serves both.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from torch import distributed
from torch.distributed.constants import default_pg_timeout

from migrator.emulator.distributed import collectives, unused_parameters

_made: Counter[str] = Counter()


class ProcessGroupHCCL(distributed.ProcessGroupGloo):  # type: ignore[misc]
    """What `init_process_group("hccl")` makes for each group: gloo's connections between the processes."""

    def __init__(
        self, store: Any, rank: int, size: int, group_name: str = "", timeout: timedelta = default_pg_timeout
    ) -> None:
        collectives.install()
        unused_parameters.install()
        # A launcher's store outlives destroy_process_group(), and with it the addresses of the group before.
        _made[group_name] += 1
        fresh = distributed.PrefixStore(f"hccl/{_made[group_name]}/", store)
        super().__init__(fresh, rank, size, timeout=timeout)
        self.options.group_name = group_name


def install() -> None:
    """Register the backend. Its kernels follow with the first group: most processes never make one."""
    distributed.Backend.register_backend("hccl", _create, extended_api=True, devices=["hpu"])


def _create(options: Any, backend_options: Any) -> ProcessGroupHCCL:
    group = ProcessGroupHCCL(
        options.store, options.group_rank, options.group_size, options.group_id, timeout=options.timeout
    )
    group.options.global_ranks_in_group = options.global_ranks_in_group
    return group
