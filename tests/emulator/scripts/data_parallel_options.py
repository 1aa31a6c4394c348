"""DistributedDataParallel in the forms people write; each trains the same few steps."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.algorithms.ddp_comm_hooks import default_hooks, powerSGD_hook
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.nn.parallel import DistributedDataParallel

import habana_frameworks.torch.core
import habana_frameworks.torch.distributed.hccl  # noqa: F401 - as the documentation says

CARD = torch.device("hpu:0")


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 16)
        self.second = nn.Linear(16, 4)
        self.sometimes = nn.Linear(16, 4)
        self.register_buffer("mask", torch.ones(16, dtype=torch.bool))

    def forward(self, inputs: Tensor, everything: bool) -> Tensor:
        hidden = self.first(inputs).relu() * self.mask
        out = self.second(hidden)
        return out + self.sometimes(hidden) if everything else out


Wrapper = Callable[[nn.Module], DistributedDataParallel]
Optimizer = Callable[[Any], Any]


def compressed(state: object, bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:
    # DistributedDataParallel takes torch's own hook of this kind on CUDA and XPU only, and knows it by its name.
    return default_hooks.bf16_compress_hook(None, bucket)


def hooked(hook: Any, state: Any = None) -> Wrapper:
    def wrap(model: nn.Module) -> DistributedDataParallel:
        network = DistributedDataParallel(model)
        network.register_comm_hook(state, hook)
        return network

    return wrap


def with_options(**options: Any) -> Wrapper:
    return lambda model: DistributedDataParallel(model, **options)


def sgd(parameters: Any) -> Any:
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.9)


def train(wrap: Wrapper, optimizer: Optimizer = sgd, unused: bool = False, accumulate: bool = False) -> list[float]:
    torch.manual_seed(dist.get_rank())
    network = wrap(Model().to("hpu"))
    step_taker, losses = optimizer(network.parameters()), []
    for step in range(6):
        source = torch.Generator().manual_seed(step)
        inputs, wanted = (torch.randn(8, n, generator=source).chunk(2)[dist.get_rank()].to("hpu") for n in (8, 4))
        step_taker.zero_grad()
        everything = not unused or step % 2 == 0
        if accumulate:
            with network.no_sync():
                ((network(inputs[:2], everything) - wanted[:2]) ** 2).mean().div(2).backward()
            loss = ((network(inputs[2:], everything) - wanted[2:]) ** 2).mean().div(2)
        else:
            loss = ((network(inputs, everything) - wanted) ** 2).mean()
        loss.backward()
        step_taker.step()
        with torch.no_grad():
            mean = ((network.module(inputs, everything) - wanted) ** 2).mean()
        dist.all_reduce(mean, dist.ReduceOp.AVG)
        losses.append(mean.item())
    same = torch.cat([each.detach().flatten() for each in network.parameters()])
    other = same.clone()
    dist.broadcast(other, src=0)
    assert torch.equal(same, other)
    return losses


def joined() -> int:
    network = DistributedDataParallel(nn.Linear(2, 2).to("hpu"))
    steps = 0
    with network.join():
        for _ in range(2 + dist.get_rank()):
            network(torch.ones(1, 2, device="hpu")).sum().backward()
            steps += 1
    return steps


def loaded() -> list[bool]:
    """A state dict goes into a network that has trained, whose optimizer goes on with the same parameters."""
    network = DistributedDataParallel(Model().to("hpu"))
    step_taker, weight = sgd(network.parameters()), network.module.first.weight
    state = {name: each.clone() for name, each in network.state_dict().items()}

    def step() -> bool:
        network(torch.ones(2, 8, device="hpu"), True).sum().backward()
        step_taker.step()
        return torch.equal(weight, state["module.first.weight"])

    before = step()
    network.load_state_dict(state)
    return [before, torch.equal(weight, state["module.first.weight"]), step(), weight is network.module.first.weight]


def zero(parameters: Any) -> Any:
    return ZeroRedundancyOptimizer(parameters, torch.optim.SGD, lr=0.1, momentum=0.9)


def main() -> None:
    dist.init_process_group("hccl")
    power = powerSGD_hook.PowerSGDState(None, start_powerSGD_iter=2)
    seen = {
        "plain": train(DistributedDataParallel),
        "device_ids=[0]": train(with_options(device_ids=[0])),
        "device_ids=[hpu:0]": train(with_options(device_ids=[CARD], output_device=CARD)),
        "small buckets": train(with_options(bucket_cap_mb=0.0001)),
        "gradient_as_bucket_view": train(with_options(gradient_as_bucket_view=True)),
        "static_graph": train(with_options(static_graph=True)),
        "find_unused_parameters": train(with_options(find_unused_parameters=True)),
        "no_sync": train(DistributedDataParallel, accumulate=True),
        "allreduce_hook": train(hooked(default_hooks.allreduce_hook)),
        "ZeroRedundancyOptimizer": train(DistributedDataParallel, zero),
        "bf16_compress_hook": train(hooked(compressed)),
        "fp16_compress_hook": train(hooked(default_hooks.fp16_compress_hook)),
        "powerSGD_hook": train(hooked(powerSGD_hook.powerSGD_hook, power)),
        "unused": train(with_options(find_unused_parameters=True), unused=True),
        "joined": joined(),
        "loaded": loaded(),
    }
    Path(sys.argv[1], f"{dist.get_rank()}.json").write_text(json.dumps(seen), encoding="utf-8")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
