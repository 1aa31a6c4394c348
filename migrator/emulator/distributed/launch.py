"""Where this process stands among its fellows, from the variables that a launcher set.

Facts of the public bridge (release 1.19, habana_frameworks/torch/distributed/hccl/__init__.py): torchrun's variables
win; Open MPI's stand in for them when one is missing; MASTER_ADDR and MASTER_PORT then get defaults. HLS_MODULE_ID
names the card, ID the rank for the logs of Gaudi's software.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from migrator.errors import UsageError

HABANA_VISIBLE_MODULES_VAR = "HABANA_VISIBLE_MODULES"
HLS_MODULE_ID_VAR = "HLS_MODULE_ID"
_FROM_MPI = {
    "LOCAL_RANK": "OMPI_COMM_WORLD_LOCAL_RANK",
    "WORLD_SIZE": "OMPI_COMM_WORLD_SIZE",
    "RANK": "OMPI_COMM_WORLD_RANK",
}
_SIMULATION = "PT_HPU_EMULATE_DISTRIBUTED"


def initialize(
    environ: MutableMapping[str, str],
    world_size: int | None = None,
    rank: int | None = None,
    local_rank: int | None = None,
) -> tuple[int, int, int]:
    """Complete the variables in `environ`; the result is `(world_size, rank, local_rank)`, ranks -1 when unknown.

    With all three given they override the launcher's. Raises `UsageError` when Gaudi's simulation of many processes
    is asked for, `AssertionError` (as the bridge does) when HABANA_VISIBLE_MODULES names too few cards, and
    `ValueError` when a variable is no number.
    """
    _refuse_simulation(environ)
    if world_size is None or rank is None or local_rank is None:
        _take_from_mpi(environ)
    else:
        environ.update(WORLD_SIZE=str(world_size), RANK=str(rank), LOCAL_RANK=str(local_rank))
    found = int(environ.get("WORLD_SIZE", "1")), int(environ.get("RANK", "-1")), int(environ.get("LOCAL_RANK", "-1"))
    _choose_card(environ, world_size=found[0], local_rank=found[2])
    if found[1] != -1:
        environ["ID"] = str(found[1])
    return found


def _take_from_mpi(environ: MutableMapping[str, str]) -> None:
    if all(name in environ for name in _FROM_MPI):
        return
    if all(name in environ for name in _FROM_MPI.values()):
        environ.update({name: environ[mpi] for name, mpi in _FROM_MPI.items()})
    environ.setdefault("MASTER_ADDR", "localhost")
    environ.setdefault("MASTER_PORT", "12345")


def _choose_card(environ: MutableMapping[str, str], *, world_size: int, local_rank: int) -> None:
    if HLS_MODULE_ID_VAR in environ or local_rank == -1 or world_size == 1:
        return
    if HABANA_VISIBLE_MODULES_VAR not in environ:
        environ[HLS_MODULE_ID_VAR] = str(local_rank)
        return
    visible = environ[HABANA_VISIBLE_MODULES_VAR].split(",")
    if local_rank >= len(visible):
        raise AssertionError(
            f"local rank {local_rank} has no device: {HABANA_VISIBLE_MODULES_VAR} names {len(visible)} of them"
        )
    environ[HLS_MODULE_ID_VAR] = visible[local_rank]


def _refuse_simulation(environ: MutableMapping[str, str]) -> None:
    if environ.get(_SIMULATION, "").lower() in ("1", "true"):
        raise UsageError(
            f"{_SIMULATION}={environ[_SIMULATION]} is not emulated: no collective is left out here",
            hint=f"unset {_SIMULATION} and start all processes; they need no cards",
        )
