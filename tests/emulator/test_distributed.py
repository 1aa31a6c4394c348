"""The collectives of the backend hccl, between two real processes that torchrun started; one start serves all tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.launching import environment, results, run_by_mpi, run_by_torch

# What each of two ranks sees, where rank 0 brings ones and rank 1 twos; see scripts/collectives.py.
EXPECTED: dict[str, tuple[Any, Any]] = {
    "all_reduce_average_of_bfloat16": ([1.5] * 3, [1.5] * 3),
    "all_reduce_with_gaps": ([[3, 1, 3, 1]] * 2, [[3, 2, 3, 2]] * 2),
    "all_reduce_coalesced": ([[6], [6, 6]], [[6], [6, 6]]),
    "broadcast": ([2, 2], [2, 2]),
    "broadcast_float8": ([2, 2, 2], [2, 2, 2]),
    "reduce": (None, [3, 3]),
    "all_gather": ([[1, 1], [2, 2]], [[1, 1], [2, 2]]),
    "all_gather_into_tensor": ([1, 1, 2, 2], [1, 1, 2, 2]),
    "all_gather_coalesced": ([[1, 2], [1, 1, 2, 2]], [[1, 2], [1, 1, 2, 2]]),
    "reduce_scatter": ([3, 3], [30, 30]),
    "reduce_scatter_tensor": ([1.5], [15]),
    "gather": ([[1], [2]], None),
    "scatter": ([2], [20]),
    "all_to_all": ([[1], [2]], [[10], [20]]),
    "all_to_all_single": ([1, 2, 2], [1, 2]),
    "send_and_recv": (None, [0, [1, 1]]),
    "isend_and_irecv": ([2, 2], [1, 1]),
    "batch_isend_irecv": ([2, 2], [1, 1]),
    "barriers": (True, True),
    "works": ([True, [3, 3], [3]], [True, [3, 3], [3]]),
    "groups": ([[1], [3], ["cpu", 2], "hccl"], [[2], [3], ["cpu", 2], "hccl"]),
    "functional_collectives": ([[3, 3], [1, 2], [1.5], [1, 2], [2], [2]], [[3, 3], [1, 2], [1.5], [1, 2], [2], [2]]),
    "names": (["hccl", True, "hpu:hccl", "hccl"], ["hccl", True, "hpu:hccl", "hccl"]),
    "two_backends": ([[3], "cpu:gloo,hpu:hccl", ["cpu", 2]], [[3], "cpu:gloo,hpu:hccl", ["cpu", 2]]),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("collectives")
    run_by_torch("collectives.py", folder)
    return results(folder)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_rank_sees(seen: list[dict[str, Any]], name: str) -> None:
    assert [rank[name] for rank in seen] == list(EXPECTED[name])


def test_all_reduce_has_every_operation(seen: list[dict[str, Any]]) -> None:
    floats = {"SUM": [3, 3], "PRODUCT": [2, 2], "MIN": [1, 1], "MAX": [2, 2], "AVG": [1.5, 1.5]}
    assert [rank["all_reduce"] for rank in seen] == [{**floats, "BAND": [0], "BOR": [3], "BXOR": [3]}] * 2


def test_all_reduce_keeps_the_type(seen: list[dict[str, Any]]) -> None:
    for rank in seen:
        assert rank["all_reduce_types"].pop("torch.bool") == [True]
        assert list(rank["all_reduce_types"].values()) == [[3]] * 6


def test_objects_travel(seen: list[dict[str, Any]]) -> None:
    gathered, shared = [{"rank": 0}, {"rank": 1}], [1, "of rank"]

    assert seen[0]["objects"] == [gathered, shared, [["from", 0], ["from", 1]], ["a"]]
    assert seen[1]["objects"] == [gathered, shared, None, ["b"]]


def test_a_group_that_was_destroyed_can_be_made_again(seen: list[dict[str, Any]]) -> None:
    # torch itself says "undefined" when no backend was asked for, on every device.
    again = [[[3], name] for name in ("hccl", "hpu:hccl", "undefined", "hccl")]
    assert [rank["initialised_again"] for rank in seen] == [again, again]


def test_what_gaudi_refuses_is_refused(seen: list[dict[str, Any]]) -> None:
    for rank in seen:
        assert rank["refused"] == {
            "cpu": "RuntimeError: No backend type associated with device type cpu",
            "mixed": "RuntimeError: Expected all tensors to be on the same device, "
            "but found at least two devices, cpu and hpu:0!",
            "int16": "RuntimeError: Invalid scalar type",
            "monitored_barrier": "ValueError: monitored_barrier is only implemented for GLOO backend.",
        }


def test_torchs_fake_backend_still_serves_the_card() -> None:
    code = """
import habana_frameworks.torch.core, torch, torch.distributed as dist
from torch.testing._internal.distributed.fake_pg import FakeStore
tensor = torch.ones(1, device="hpu")
dist.init_process_group("hccl", store=dist.HashStore(), rank=0, world_size=1)
dist.all_reduce(tensor)
dist.destroy_process_group()
dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=4)
dist.all_reduce(tensor)
dist.barrier()
print(tensor.item())
"""
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env=environment(True), capture_output=True, text=True, check=False, timeout=60)

    assert done.stdout == "1.0\n", done.stderr


def check_launched(folder: Path) -> None:
    for rank, found in enumerate(results(folder)):
        assert found == {
            "ranks": [2, rank, rank],
            "group": [2, rank],
            "sum": 2.0,
            "card": "hpu:0",
            "module": str(rank),
            "id": str(rank),
        }


def test_mpirun_starts_it_in_eager_mode(tmp_path: Path) -> None:
    output, codes = run_by_mpi("launched.py", tmp_path, lazy=False)

    assert codes == [0, 0], output
    check_launched(tmp_path)


@pytest.mark.slow
def test_mpirun_starts_it_in_lazy_mode(tmp_path: Path) -> None:
    output, codes = run_by_mpi("launched.py", tmp_path)

    assert codes == [0, 0], output
    check_launched(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("launcher", ["run", "launch"])
def test_torchs_launchers_start_it(tmp_path: Path, launcher: str, lazy: bool) -> None:
    run_by_torch("launched.py", tmp_path, launcher=launcher, lazy=lazy)

    check_launched(tmp_path)


@pytest.mark.slow
def test_in_eager_mode_importing_torch_is_enough(tmp_path: Path) -> None:
    run_by_torch("autoloaded.py", tmp_path, lazy=False)

    assert results(tmp_path) == [{"sum": 2.0}] * 2


@pytest.mark.slow
def test_a_rank_that_dies_fails_the_others_at_once(tmp_path: Path) -> None:
    output, codes = run_by_mpi("dying_rank.py", tmp_path, seconds=60)

    assert codes == [0, 3], output
    (found,) = results(tmp_path)
    assert "Connection closed by peer" in found["error"]
    assert found["seconds"] < 5
