"""Rank 1 ends without a word; rank 0 says what the next collective makes of it."""

import json
import os
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist

import habana_frameworks.torch.core
import habana_frameworks.torch.distributed.hccl  # noqa: F401 - as the documentation says

dist.init_process_group("hccl")
tensor = torch.ones(1, device="hpu")
dist.all_reduce(tensor)
if dist.get_rank() == 1:
    os._exit(3)
start = time.monotonic()
try:
    dist.all_reduce(tensor, async_op=True).wait()
except RuntimeError as error:
    seen = {"error": str(error), "seconds": time.monotonic() - start}
    Path(sys.argv[1], "0.json").write_text(json.dumps(seen), encoding="utf-8")
