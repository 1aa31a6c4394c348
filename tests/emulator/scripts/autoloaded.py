"""In eager mode `import torch` alone is enough."""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist

dist.init_process_group("hccl")
tensor = torch.ones(1, device="hpu:0")
dist.all_reduce(tensor)
Path(sys.argv[-1], f"{dist.get_rank()}.json").write_text(json.dumps({"sum": tensor.item()}), encoding="utf-8")
dist.destroy_process_group()
