"""Fifty steps by DistributedDataParallel; then rank 0 alone, with all of both batches."""

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

import habana_frameworks.torch.core as htcore
import habana_frameworks.torch.distributed.hccl  # noqa: F401 - as the documentation says

STEPS, BATCH, LENGTH, TOKENS, HIDDEN = 50, 8, 12, 50, 32


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(TOKENS, HIDDEN)
        self.encoder = nn.TransformerEncoderLayer(HIDDEN, 2, 2 * HIDDEN, dropout=0.0, batch_first=True)
        self.head = nn.Linear(HIDDEN, TOKENS)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.encoder(self.tokens(tokens)))


def batches(rank: int, world: int) -> Any:
    source = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        tokens = torch.randint(TOKENS, (BATCH, LENGTH), generator=source)
        part = tokens.chunk(world)[rank].to("hpu")
        yield part, (part + 1) % TOKENS


def train(rank: int, world: int) -> dict[str, Any]:
    torch.manual_seed(rank)  # DDP sends rank 0's parameters to all
    model = Model().to("hpu")
    step_taker = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    network = DistributedDataParallel(model) if world > 1 else model
    losses = []
    for inputs, labels in batches(rank, world):
        step_taker.zero_grad()
        loss = cross_entropy(network(inputs).flatten(0, 1), labels.flatten())
        loss.backward()
        htcore.mark_step()
        step_taker.step()
        htcore.mark_step()
        mean = loss.detach().clone()
        if world > 1:
            dist.all_reduce(mean, dist.ReduceOp.AVG)
        losses.append(mean.item())
    return {"losses": losses, "parameters": [each.flatten().tolist() for each in model.parameters()]}


def main() -> None:
    dist.init_process_group("hccl")
    rank = dist.get_rank()
    seen = {"together": train(rank, dist.get_world_size())}
    dist.destroy_process_group()
    if rank == 0:
        seen["alone"] = train(0, 1)
    Path(sys.argv[1], f"{rank}.json").write_text(json.dumps(seen), encoding="utf-8")


if __name__ == "__main__":
    main()
