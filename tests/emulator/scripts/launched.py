"""What a launched process finds out about itself; the way Gaudi's documentation initialises."""

import json
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist

import habana_frameworks.torch.core  # noqa: F401 - as the documentation says
import habana_frameworks.torch.distributed.hccl as hccl  # noqa: PLR0402 - as people write it

world_size, rank, local_rank = hccl.initialize_distributed_hpu()
dist.init_process_group(backend="hccl", rank=rank, world_size=world_size)
tensor = torch.ones(1, device="hpu")
dist.all_reduce(tensor)
seen = {
    "ranks": [world_size, rank, local_rank],
    "group": [dist.get_world_size(), dist.get_rank()],
    "sum": tensor.item(),
    "card": str(tensor.device),
    "module": os.environ.get("HLS_MODULE_ID"),
    "id": os.environ.get("ID"),
}
Path(sys.argv[-1], f"{rank}.json").write_text(json.dumps(seen), encoding="utf-8")
dist.destroy_process_group()
