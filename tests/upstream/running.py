"""Starts migrated scripts as people do: `migrate run` on the emulated device, alone or by a launcher."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_LAUNCHERS = ("RANK", "WORLD_SIZE", "LOCAL_", "MASTER_", "OMPI_", "TORCHEL")
_LEFT_OUT = (*_LAUNCHERS, "HLS_", "HABANA_", "MIGRATE_HPU_", "PT_HPU_")


@dataclass(frozen=True)
class Ended:
    """What a script that ended well has printed."""

    out: str
    err: str


def run(
    folder: Path,
    *words: str | Path,
    mode: str = "lazy",
    launcher: Sequence[str] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Ended:
    """Run a script, with its arguments, in `folder`; `launcher` comes before it. An error unless it ends well."""
    (ended,) = _wait([_start(folder, [*launcher, *map(str, words)], mode, variables)])
    return ended


def run_by_torch(folder: Path, *words: str | Path, launcher: str = "run", mode: str = "lazy") -> Ended:
    """Two processes by `python -m torch.distributed.<launcher>`."""
    before = ["-m", f"torch.distributed.{launcher}", "--nproc_per_node", "2", "--master_port", str(free_port())]
    return run(folder, *words, mode=mode, launcher=before)


def run_by_mpi(folder: Path, *words: str | Path, size: int = 2, mode: str = "lazy") -> list[Ended]:
    """`size` processes with the variables that Open MPI's mpirun sets, and no others of a launcher."""
    port, started = str(free_port()), []
    for rank in range(size):
        ranks = {f"OMPI_COMM_WORLD_{name}": str(rank) for name in ("RANK", "LOCAL_RANK")}
        sizes = {f"OMPI_COMM_WORLD_{name}": str(size) for name in ("SIZE", "LOCAL_SIZE")}
        variables = {"MASTER_ADDR": "localhost", "MASTER_PORT": port, **ranks, **sizes}
        started.append(_start(folder, [*map(str, words)], mode, variables))
    return _wait(started)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**variables: str) -> dict[str, str]:
    """This process's, without what a launcher or an earlier emulation left in it; one thread a process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT) and name != "ID"}
    return {**kept, "OMP_NUM_THREADS": "1", **variables}


def _start(folder: Path, words: list[str], mode: str, variables: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "migrator", "run", "--device", "emulated", "--mode", mode, *words],
        cwd=folder,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _wait(started: Sequence[subprocess.Popen[str]], seconds: float = 240) -> list[Ended]:
    """Nothing of what was started outlives this, also when it takes too long."""
    try:
        ended = [Ended(*process.communicate(timeout=seconds)) for process in started]
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)  # migrate ends what it started
                process.wait()
    for process, printed in zip(started, ended, strict=True):
        assert process.returncode == 0, printed.err
    return ended
