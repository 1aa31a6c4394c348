"""Every collective once, between two processes. Each rank writes what it saw."""

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import ReduceOp
from torch.distributed import _functional_collectives as functional

import habana_frameworks.torch.core as htcore
import habana_frameworks.torch.distributed.hccl  # noqa: F401 - as the documentation says

DEVICE = torch.device("hpu")
CASES: dict[str, Callable[[], Any]] = {}


def case(function: Callable[[], Any]) -> Callable[[], Any]:
    CASES[function.__name__] = function
    return function


def mine(*shape: int, dtype: Any = torch.float32) -> Tensor:
    """Ones on rank 0, twos on rank 1."""
    return torch.full(shape, dist.get_rank() + 1, dtype=dtype, device=DEVICE)


def both(*shape: int) -> list[Tensor]:
    return [torch.zeros(shape, device=DEVICE) for _ in range(2)]


def error(function: Callable[[], Any]) -> str:
    try:
        function()
    except (RuntimeError, ValueError) as raised:
        return f"{type(raised).__name__}: {raised}"
    return "none"


@case
def all_reduce() -> Any:
    seen = {}
    for name in ("SUM", "PRODUCT", "MIN", "MAX", "AVG"):
        tensor = mine(2)
        dist.all_reduce(tensor, getattr(ReduceOp, name))
        seen[name] = tensor
    for name in ("BAND", "BOR", "BXOR"):
        tensor = mine(1, dtype=torch.int32)
        dist.all_reduce(tensor, getattr(ReduceOp, name))
        seen[name] = tensor
    return seen


@case
def all_reduce_types() -> Any:
    seen = {}
    for dtype in (torch.bfloat16, torch.float16, torch.float64, torch.int64, torch.uint8, torch.bool, torch.complex64):
        tensor = mine(1, dtype=dtype)
        dist.all_reduce(tensor)
        assert tensor.dtype is dtype
        seen[str(dtype)] = tensor.abs() if dtype.is_complex else tensor
    return seen


@case
def all_reduce_average_of_bfloat16() -> Any:
    tensor = mine(3, dtype=torch.bfloat16)
    dist.all_reduce(tensor, ReduceOp.AVG)
    return tensor


@case
def all_reduce_with_gaps() -> Any:
    whole = mine(2, 4)
    dist.all_reduce(whole[:, ::2])
    return whole


@case
def all_reduce_coalesced() -> Any:
    tensors = [mine(1), mine(2)]
    dist.all_reduce_coalesced(tensors)
    with dist._coalescing_manager():
        for each in tensors:
            dist.all_reduce(each)
    return tensors


@case
def broadcast() -> Any:
    tensor = mine(2)
    dist.broadcast(tensor, src=1)
    return tensor


@case
def broadcast_float8() -> Any:
    tensor = mine(3).to(torch.float8_e4m3fn)
    dist.broadcast(tensor, src=1)
    return tensor.float()


@case
def reduce() -> Any:
    tensor = mine(2)
    dist.reduce(tensor, dst=1)
    return tensor if dist.get_rank() == 1 else None


@case
def all_gather() -> Any:
    outputs = both(2)
    dist.all_gather(outputs, mine(2))
    return outputs


@case
def all_gather_into_tensor() -> Any:
    output = torch.zeros(4, device=DEVICE)
    dist.all_gather_into_tensor(output, mine(2))
    return output


@case
def all_gather_coalesced() -> Any:
    outputs = [torch.zeros(2, device=DEVICE), torch.zeros(4, device=DEVICE)]
    with dist._coalescing_manager(async_ops=True) as work:
        for output in outputs:
            dist.all_gather_into_tensor(output, mine(output.numel() // 2))
    work.wait()
    return outputs


@case
def reduce_scatter() -> Any:
    output = torch.zeros(2, device=DEVICE)
    dist.reduce_scatter(output, [mine(2), 10 * mine(2)])
    return output


@case
def reduce_scatter_tensor() -> Any:
    output = torch.zeros(1, device=DEVICE)
    dist.reduce_scatter_tensor(output, mine(2) * torch.tensor([1.0, 10.0], device=DEVICE), ReduceOp.AVG)
    return output


@case
def gather() -> Any:
    outputs = both(1) if dist.get_rank() == 0 else None
    dist.gather(mine(1), outputs, dst=0)
    return outputs


@case
def scatter() -> Any:
    output = torch.zeros(1, device=DEVICE)
    dist.scatter(output, [mine(1), 10 * mine(1)] if dist.get_rank() == 1 else None, src=1)
    return output


@case
def all_to_all() -> Any:
    outputs = both(1)
    dist.all_to_all(outputs, [mine(1), 10 * mine(1)])
    return outputs


@case
def all_to_all_single() -> Any:
    rank = dist.get_rank()
    received, sent = ([1, 2], [1, 1]) if rank == 0 else ([1, 1], [2, 1])
    output = torch.zeros(sum(received), device=DEVICE)
    dist.all_to_all_single(output, mine(sum(sent)), received, sent)
    return output


@case
def send_and_recv() -> Any:
    if dist.get_rank() == 0:
        dist.send(mine(2), dst=1)
        return None
    tensor = torch.zeros(2, device=DEVICE)
    return [dist.recv(tensor), tensor]


@case
def isend_and_irecv() -> Any:
    other, tensor = 1 - dist.get_rank(), torch.zeros(2, device=DEVICE)
    works = [dist.isend(mine(2), other), dist.irecv(tensor, other)]
    assert all(work.wait() for work in works)
    return tensor


@case
def batch_isend_irecv() -> Any:
    other, tensor = 1 - dist.get_rank(), torch.zeros(2, device=DEVICE)
    for work in dist.batch_isend_irecv([dist.P2POp(dist.isend, mine(2), other), dist.P2POp(dist.irecv, tensor, other)]):
        work.wait()
    return tensor


@case
def objects() -> Any:
    rank = dist.get_rank()
    gathered: list[Any] = [None, None]
    dist.all_gather_object(gathered, {"rank": rank})
    shared = [rank, "of rank"]
    dist.broadcast_object_list(shared, src=1)
    collected: list[Any] | None = [None, None] if rank == 0 else None
    dist.gather_object(("from", rank), collected, dst=0)
    given: list[Any] = [None]
    dist.scatter_object_list(given, ["a", "b"] if rank == 0 else None, src=0)
    return [gathered, shared, collected, given]


@case
def barriers() -> Any:
    dist.barrier()
    return dist.barrier(async_op=True).wait()


@case
def works() -> Any:
    tensor = mine(2)
    work = dist.all_reduce(tensor, async_op=True)
    assert work.wait()
    (result,) = work.get_future().wait()
    assert result is tensor
    outputs = both(1)
    future = dist.all_gather(outputs, mine(1), async_op=True).get_future()
    return [work.is_completed(), tensor, future.then(lambda done: sum(done.value())).wait()]


@case
def groups() -> Any:
    alone, all_of_them, of_cpu = dist.new_group([0]), dist.new_group([0, 1]), dist.new_group(backend="gloo")
    first, second, third = mine(1), mine(1), torch.ones(1)
    if dist.get_rank() == 0:
        dist.all_reduce(first, group=alone)
    dist.all_reduce(second, group=all_of_them)
    dist.all_reduce(third, group=of_cpu)
    return [first, second, third, dist.get_backend(all_of_them)]


@case
def functional_collectives() -> Any:
    group = dist.group.WORLD
    seen = [
        functional.all_reduce(mine(2), "sum", group),
        functional.all_gather_tensor(mine(1), 0, group),
        functional.reduce_scatter_tensor(mine(2), "avg", 0, group),
        functional.all_to_all_single(mine(2), None, None, group),
        functional.broadcast(mine(1), 1, group),
        *functional.all_reduce_coalesced([mine(1)], "max", group),
    ]
    return [functional.wait_tensor(each) for each in seen]


@case
def refused() -> Any:
    return {
        "cpu": error(lambda: dist.all_reduce(torch.ones(1))),
        "mixed": error(lambda: dist.all_gather([torch.zeros(1), torch.zeros(1)], mine(1))),
        "int16": error(lambda: dist.all_reduce(mine(1, dtype=torch.int16), async_op=True)),
        "monitored_barrier": error(dist.monitored_barrier),
    }


@case
def names() -> Any:
    return [dist.get_backend(), dist.is_backend_available("hccl"), str(dist.get_backend_config()), dist.Backend.HCCL]


def again(**options: Any) -> list[Any]:
    """A new default group after the old one is gone; its store is the same."""
    dist.destroy_process_group()
    dist.init_process_group(timeout=timedelta(seconds=30), **options)
    tensor = mine(1)
    dist.all_reduce(tensor)
    return [tensor, dist.get_backend()]


@case
def initialised_again() -> Any:
    card = torch.device("hpu:0")
    return [again(backend="hccl"), again(backend="hpu:hccl"), again(), again(backend="hccl", device_id=card)]


@case
def two_backends() -> Any:
    seen, tensor = again(backend="cpu:gloo,hpu:hccl"), torch.ones(1)
    dist.all_reduce(tensor)
    dist.barrier()
    return [*seen, tensor]


def plain(value: Any) -> Any:
    """For JSON; a tensor says where it lies unless it is on the card."""
    if isinstance(value, Tensor):
        return value.tolist() if value.device == torch.device("hpu:0") else [str(value.device), *value.tolist()]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def main() -> None:
    dist.init_process_group("hccl")
    rank = dist.get_rank()
    seen = {name: plain(function()) for name, function in CASES.items()}
    htcore.mark_step()
    Path(sys.argv[1], f"{rank}.json").write_text(json.dumps(seen), encoding="utf-8")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
