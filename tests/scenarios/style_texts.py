"""A small CUDA repository, and what its port to GPU migration changes."""

from __future__ import annotations

TRAIN = '''\
"""Trains a classifier."""
import argparse
import os

import torch
from torch.nn.parallel import DistributedDataParallel as DDP

from model import Classifier


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--local_rank", type=int, default=-1)
    parser.add_argument("--batch", type=int, default=8)
    return parser.parse_args()


def main():
    args = parse()
    torch.backends.cudnn.benchmark = True
    device = torch.device("cuda", max(args.local_rank, 0))
    n_gpu = torch.cuda.device_count()
    if args.local_rank != -1:
        torch.cuda.set_device(args.local_rank)
        torch.distributed.init_process_group(backend="nccl")
    model = Classifier().cuda()
    if args.local_rank != -1:
        model = DDP(model, device_ids=[args.local_rank])
    elif n_gpu > 1:
        model = torch.nn.DataParallel(model)
    scaler = torch.cuda.amp.GradScaler()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(4):
        torch.cuda.nvtx.range_push("step")
        with torch.cuda.amp.autocast():
            loss = model(torch.ones(args.batch * n_gpu, 4, device=device)).sum()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        torch.cuda.nvtx.range_pop()
    torch.cuda.empty_cache()
    torch.cuda.ipc_collect()
    print(torch.cuda.max_memory_allocated())


if __name__ == "__main__":
    main()
'''
MODEL = '''\
"""The model."""
import torch
from apex.normalization import FusedLayerNorm


@torch.jit.script
def bias_gelu(bias, x):
    return torch.nn.functional.gelu(x + bias)


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 4)
        self.norm = FusedLayerNorm(4)
        self.bias = torch.nn.Parameter(torch.zeros(4))

    def forward(self, x):
        return bias_gelu(self.bias, self.norm(self.layer(x)))
'''
CHANGED = {  # what GPU migration leaves to the port: the lines that go (-) and come (+), in order
    "train.py": """\
+os.environ.setdefault("PT_HPU_LAZY_MODE", "1")
+os.environ.setdefault("PT_HPU_GPU_MIGRATION", "1")
+os.environ.setdefault("PT_HPU_CONVERT_FP16_TO_BF16_FOR_MIGRATION", "1")
+import habana_frameworks.torch.core as htcore
-    parser.add_argument("--local_rank", type=int, default=-1)
+    parser.add_argument("--local_rank", "--local-rank", type=int, default=os.getenv("LOCAL_RANK", \
os.getenv("OMPI_COMM_WORLD_LOCAL_RANK", -1)))
-    torch.backends.cudnn.benchmark = True
-    n_gpu = torch.cuda.device_count()
+    n_gpu = 1
-    elif n_gpu > 1:
-        model = torch.nn.DataParallel(model)
-        torch.cuda.nvtx.range_push("step")
+        htcore.mark_step()
+        htcore.mark_step()
-        torch.cuda.nvtx.range_pop()
""",
    "model.py": "-@torch.jit.script\n",
}
