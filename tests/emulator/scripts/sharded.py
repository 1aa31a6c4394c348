"""Parameters sharded over two processes, by each of torch's ways; each trains the same few steps."""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed import checkpoint
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import CPUOffloadPolicy, MixedPrecision, MixedPrecisionPolicy, ShardingStrategy, fully_shard
from torch.distributed.fsdp import FullyShardedDataParallel as FSDP  # noqa: N817 - its usual name
from torch.distributed.fsdp import StateDictType as Kind
from torch.distributed.fsdp.wrap import ModuleWrapPolicy
from torch.distributed.tensor import Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.nn.parallel import DistributedDataParallel

import habana_frameworks.torch.core
import habana_frameworks.torch.distributed.hccl  # noqa: F401 - as the documentation says

CARD = torch.device("hpu:0")


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4))


def adamw(network: nn.Module) -> Any:
    return torch.optim.AdamW(network.parameters(), 1e-2)


def steps(network: nn.Module, step_taker: Any = None, first: int = 0, count: int = 4) -> list[float]:
    step_taker, losses = step_taker or adamw(network), []
    for step in range(first, first + count):
        source = torch.Generator().manual_seed(step)
        inputs, wanted = (torch.randn(8, n, generator=source).chunk(2)[dist.get_rank()].to("hpu") for n in (8, 4))
        step_taker.zero_grad()
        loss = ((network(inputs) - wanted) ** 2).mean()
        loss.backward()
        step_taker.step()
        mean = loss.detach().clone()
        dist.all_reduce(mean, dist.ReduceOp.AVG)
        losses.append(mean.item())
    return losses


def fsdp1(**options: Any) -> Any:
    return FSDP(model(), device_id=CARD, auto_wrap_policy=ModuleWrapPolicy({nn.Linear}), **options)


def fsdp2(**options: Any) -> Any:
    network = model().to("hpu")
    for layer in network:
        if isinstance(layer, nn.Linear):
            fully_shard(layer, **options)
    return fully_shard(network, **options)


def resumed(kind: Kind, **options: Any) -> list[Any]:
    """Two steps on, from a state dict of this kind, and without the detour."""
    first, second = fsdp1(**options), fsdp1(**options)
    one, two = adamw(first), adamw(second)
    steps(first, one, count=2)
    FSDP.set_state_dict_type(first, kind)
    FSDP.set_state_dict_type(second, kind)
    second.load_state_dict(first.state_dict())
    if kind is not Kind.LOCAL_STATE_DICT:  # torch has no local state dict of an optimizer
        two.load_state_dict(FSDP.optim_state_dict_to_load(second, two, FSDP.optim_state_dict(first, one)))
        return [steps(first, one, 2, 2), steps(second, two, 2, 2)]
    return [steps(first, adamw(first), 2, 2), steps(second, two, 2, 2)]


def folder() -> str:
    """The same for both ranks."""
    shared = [tempfile.mkdtemp() if dist.get_rank() == 0 else None]
    dist.broadcast_object_list(shared, src=0)
    return str(shared[0])


def checkpointed() -> list[Any]:
    """The same by way of torch.distributed.checkpoint."""
    place, first, second = folder(), fsdp2(), fsdp2()
    one, two = adamw(first), adamw(second)
    steps(first, one, count=2)
    checkpoint.save(dict(zip(("model", "optimizer"), get_state_dict(first, one), strict=True)), checkpoint_id=place)
    state = dict(zip(("model", "optimizer"), get_state_dict(second, two), strict=True))
    checkpoint.load(state, checkpoint_id=place)
    set_state_dict(second, two, model_state_dict=state["model"], optim_state_dict=state["optimizer"])
    return [steps(first, one, 2, 2), steps(second, two, 2, 2)]


def distributed_tensor() -> list[Any]:
    mesh = init_device_mesh("hpu", (2,))
    whole = torch.arange(16.0, device="hpu").reshape(4, 4)
    parts = distribute_tensor(whole, mesh, [Shard(0)])
    product = (parts @ parts.redistribute(mesh, [Replicate()])).full_tensor()
    return [torch.equal(product, whole @ whole), str(parts.device), list(parts.to_local().shape)]


def tensor_parallel() -> bool:
    network, inputs = model().to("hpu"), torch.ones(2, 8, device="hpu")
    wanted = network(inputs)
    plan = {"0": ColwiseParallel(), "2": RowwiseParallel()}
    parallel = parallelize_module(network, init_device_mesh("hpu", (2,)), plan)
    return torch.allclose(parallel(inputs), wanted)


def clipped() -> list[float]:
    networks = [DistributedDataParallel(model().to("hpu")), fsdp1()]
    for each in networks:
        each(torch.ones(2, 8, device="hpu")).sum().backward()
    return [nn.utils.clip_grad_norm_(networks[0].parameters(), 1.0).item(), networks[1].clip_grad_norm_(1.0).item()]


def main() -> None:
    dist.init_process_group("hccl")
    low = {"param_dtype": torch.bfloat16, "reduce_dtype": torch.float32}
    grids = {"mesh": init_device_mesh("hpu", (2, 1), mesh_dim_names=("replicate", "shard"))}
    cases: dict[str, Callable[[], Any]] = {
        "plain": lambda: steps(DistributedDataParallel(model().to("hpu"))),
        "fsdp1": lambda: steps(fsdp1()),
        "fsdp1 moved first": lambda: steps(FSDP(model().to("hpu"))),
        "fsdp1 use_orig_params": lambda: steps(fsdp1(use_orig_params=True)),
        "fsdp1 SHARD_GRAD_OP": lambda: steps(fsdp1(sharding_strategy=ShardingStrategy.SHARD_GRAD_OP)),
        "fsdp2": lambda: steps(fsdp2()),
        "fsdp2 replicated": lambda: steps(fsdp2(**grids)),
        "fsdp2 offloaded": lambda: steps(fsdp2(offload_policy=CPUOffloadPolicy())),
        "bfloat16 fsdp1": lambda: steps(fsdp1(mixed_precision=MixedPrecision(**low))),
        "bfloat16 fsdp2": lambda: steps(fsdp2(mp_policy=MixedPrecisionPolicy(**low))),
        "resumed full": lambda: resumed(Kind.FULL_STATE_DICT, use_orig_params=True),
        "resumed sharded": lambda: resumed(Kind.SHARDED_STATE_DICT, use_orig_params=True),
        "resumed local": lambda: resumed(Kind.LOCAL_STATE_DICT),
        "resumed checkpoint": checkpointed,
        "DTensor": distributed_tensor,
        "tensor parallel": tensor_parallel,
        "clipped": clipped,
    }
    seen = {name: case() for name, case in cases.items()}
    Path(sys.argv[1], f"{dist.get_rank()}.json").write_text(json.dumps(seen), encoding="utf-8")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
