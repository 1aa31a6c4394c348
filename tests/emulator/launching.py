"""Starts the scripts beside this file as people start theirs: by a launcher, with the emulated device on the path."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from migrator.emulator.preconditions.real_installation import FACADE

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent / "scripts"
_OF_LAUNCHERS = (
    "RANK",
    "WORLD_SIZE",
    "LOCAL_",
    "MASTER_",
    "OMPI_",
    "HLS_",
    "HABANA_",
    "MIGRATE_HPU_",
    "PT_HPU_",
    "TORCHEL",
)


def environment(lazy: bool, **variables: str) -> dict[str, str]:
    """This process's, without what a launcher or an earlier emulation left in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OF_LAUNCHERS) and name != "ID"}
    path = os.pathsep.join(map(str, (FACADE, ROOT)))
    return {**kept, "PYTHONPATH": path, "PT_HPU_LAZY_MODE": str(int(lazy)), "OMP_NUM_THREADS": "1", **variables}


def run_by_torch(script: str, folder: Path, *, launcher: str = "run", lazy: bool = True, seconds: float = 120) -> str:
    """Two processes by `python -m torch.distributed.<launcher>`; their output, and an error unless both end well."""
    options = ["--nproc_per_node", "2", "--master_port", str(free_port())]
    command = [sys.executable, "-W", "ignore", "-m", f"torch.distributed.{launcher}", *options]
    output, code = _wait_all([_start([*command, str(SCRIPTS / script), str(folder)], environment(lazy))], seconds)
    assert code == [0], output
    return output


def run_by_mpi(script: str, folder: Path, *, lazy: bool = True, seconds: float = 120) -> tuple[str, list[int]]:
    """Two processes with the variables that Open MPI's mpirun sets; their output and exit codes."""
    port = str(free_port())
    started = []
    for rank in range(2):
        mine = {f"OMPI_COMM_WORLD_{name}": str(rank) for name in ("RANK", "LOCAL_RANK")}
        size = {f"OMPI_COMM_WORLD_{name}": "2" for name in ("SIZE", "LOCAL_SIZE")}
        variables = environment(lazy, MASTER_ADDR="localhost", MASTER_PORT=port, **mine, **size)
        started.append(_start([sys.executable, str(SCRIPTS / script), str(folder)], variables))
    return _wait_all(started, seconds)


def results(folder: Path) -> list[dict[str, Any]]:
    """What each rank wrote, in order."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(command: Sequence[str], variables: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _wait_all(started: Sequence[subprocess.Popen[str]], seconds: float) -> tuple[str, list[int]]:
    """Nothing of what was started outlives this, also when it takes too long."""
    try:
        output = "".join(process.communicate(timeout=seconds)[0] for process in started)
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return output, [process.returncode for process in started]
