"""What every migration promises, over training scripts put together at random and all rules there are.

The result parses; a second run changes nothing; it reads no name that nothing binds, unless the script did; comments
and line ends stay; and a script that only talks of GPUs stays byte for byte as it is.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
import tokenize
from collections import Counter
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import FileResult, rewrite
from migrator.core.file import Context, read
from migrator.rules import all_rules

IMPORTS = [
    "import torch",
    "import torch.cuda as tc",
    "import torch.nn as nn, torch.distributed as dist",
    "from torch import cuda",
    "from torch.cuda import amp  # mixed precision",
    "from torch.cuda.amp import autocast, GradScaler",
    "from torch.nn.parallel import (\n    DistributedDataParallel as DDP,  # wraps\n)",
    "try:\n    from apex import amp as apex_amp\nexcept ImportError:\n    apex_amp = None",
    "try:\n    from apex.optimizers import FusedLAMB, FusedAdam\nexcept ImportError:\n    pass",
    "import apex.parallel; import os",
    "import nvtx, pynvml",
]
SIMPLE = [
    "torch.cuda.set_device(args.local_rank)",
    "device = torch.device('cuda', args.local_rank)",
    'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")',
    "model = model.cuda()",
    "model.cuda(torch.cuda.current_device()).half()",
    "batch = [t.cuda(non_blocking=True) for t in batch]",
    "x = torch.zeros(\n    4,\n    device='cuda:0',  # on the card\n)",
    "scaler = GradScaler(enabled=args.fp16)",
    "scaler = torch.cuda.amp.GradScaler(); step = 0",
    "self.scaler = tc.amp.GradScaler()",
    "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, foreach=True, fused=True)",
    "optimizer = FusedLAMB(groups, lr=args.lr, set_grad_none=True)",
    "optimizer = FusedAdam(\n    groups,\n    bias_correction=False,  # as in the paper\n)",
    'model, optimizer = apex_amp.initialize(model, optimizer, opt_level="O2")',
    "model = DDP(model, device_ids=[args.local_rank], output_device=args.local_rank)",
    "model = apex.parallel.DistributedDataParallel(model, message_size=1 << 20)",
    'dist.init_process_group(backend="nccl", init_method="env://")',
    "scaler.scale(loss).backward()",
    "loss.backward()",
    "scaler.unscale_(optimizer)",
    "scaler.step(optimizer); scaler.update()",
    "optimizer.step()",
    "optimizer.step(); optimizer.zero_grad()",
    "torch.cuda.synchronize()",
    "torch.cuda.empty_cache()",
    "torch.backends.cudnn.benchmark = True",
    "torch.cuda.manual_seed_all(args.seed)",
    "seen = torch.cuda.max_memory_allocated() / 2**20",
    "start = torch.cuda.Event(enable_timing=True)",
    "torch.cuda.nvtx.range_push('step')",
    "if args.cuda: torch.cuda.empty_cache()",
    "if x.is_cuda: x = x.cpu(); y = 1",
    "loss = torch.cuda.FloatTensor([0.0])",
    "text = 'torch.cuda is not called here'",
    "print(f'on {device} with {torch.cuda.device_count()} cards')",
    "total = a + \\\n    b.cuda()",
    "pass",
]
START = "args, model, optimizer, scaler, loss, batch, x = start()"
HEADERS = [
    "with torch.cuda.amp.autocast():",
    "with autocast(enabled=args.fp16):  # half",
    "with torch.no_grad(), amp.autocast():",
    "with torch.cuda.device(args.local_rank):",
    "with torch.cuda.stream(stream):",
    "with apex_amp.scale_loss(loss, optimizer) as scaled_loss:\n    scaled_loss.backward()",
    "if torch.cuda.is_available():",
    "if args.fp16:",
    "if scaler is not None:",
    "for batch in loader:",
    "while step < limit:",
    "def train(model, scaler=None):",
    "class Trainer:",
    "@torch.no_grad()\ndef evaluate(model):",
]
ALONE = [  # only words: in strings, comments, names, flags and other libraries
    "# model.cuda() comes later",
    "parser.add_argument('--no-cuda', action='store_true', help='do not use cuda')",
    "url = 'https://developer.nvidia.com/cuda'",
    "use_cuda = args.cuda and not args.no_cuda",
    "class CudaTimer:\n    '''Times cuda() and torch.cuda.Event().'''",
    "def cuda(amp, GradScaler=None): return amp",
    "amp = 'apex.amp'",
    "step = scheduler_step",
    "nccl = {'NCCL_DEBUG': 'INFO'}",
    "cupy.cuda.Device(0).use()",
    "log('backend nccl, autocast and GradScaler')",
    "x = b'torch.cuda'  # .backward() .step()",
]

indents = st.sampled_from(["    ", "\t", "  "])
newlines = st.sampled_from(["\n", "\r\n"])


@st.composite
def block(draw: st.DrawFn, step: str, depth: int = 0) -> list[str]:
    """The lines of a block, each statement with a number in a comment of its own or behind it."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.integers(0, 3)) == 0:
            lines.append(f"# note {draw(st.integers(0, 10**9))}")
        if depth < 3 and draw(st.integers(0, 2)) == 0:
            header = draw(st.sampled_from(HEADERS)).replace("    ", step).split("\n")
            lines += header
            lines += [step + line if line else line for line in draw(block(step, depth + 1))]
            if header[0].startswith("if") and draw(st.booleans()):
                lines += ["else:", *(step + line for line in draw(block(step, depth + 1)))]
        else:
            lines += draw(st.sampled_from(SIMPLE)).split("\n")
    return lines


@st.composite
def scripts(draw: st.DrawFn) -> bytes:
    imports = draw(st.lists(st.sampled_from(IMPORTS), min_size=3, unique=True))
    head = draw(st.sampled_from(["", '"""doc of cuda"""\n', "#!/usr/bin/env python\n# licence: NVIDIA\n"]))
    step = draw(indents)
    body = draw(block(step))
    end = draw(st.sampled_from(["", "\n"]))
    text = head + "\n".join(["import torch", *imports, START, *body]) + end
    return text.replace("\n", draw(newlines)).encode()


@cache
def promised() -> Context:
    return Context(make_target(None, None, None, None), load_api_map())


def migrated(data: bytes) -> FileResult:
    context = promised()
    rules = [rule for rule in all_rules().values() if rule.applies(context.target)]
    return rewrite("train.py", data, rules, context)


def own_line_comments(data: bytes) -> Counter[str]:
    text = re.sub(r"\r\n?", "\n", data.decode())
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    found = (t.string for t in tokens if t.type == tokenize.COMMENT and t.line.lstrip().startswith("#"))
    return Counter(comment for comment in found if comment.startswith("# note"))


def unknown_names(data: bytes) -> set[str]:
    """The names that are read and that nothing in the file binds."""
    file = read("train.py", data, promised())
    loads = (node for node in file.index.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    return {node.id for node in loads if file.index.scope_of[node].find(node.id) is None} - set(dir(builtins))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts())
def test_a_training_script(data: bytes) -> None:
    ast.parse(data)
    result = migrated(data)
    ast.parse(result.data)
    assert migrated(result.data).data == result.data
    assert own_line_comments(result.data) == own_line_comments(data)
    assert unknown_names(result.data) <= unknown_names(data)
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    assert result.data.count(b"\n") == result.data.count(newline)
    assert b"\r" not in result.data.replace(b"\r\n", b"")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ALONE), min_size=1, max_size=8), newlines)
def test_a_script_that_only_talks_of_gpus_stays(lines: list[str], newline: str) -> None:
    data = "\n".join(["import numpy as np", *lines, ""]).replace("\n", newline).encode()
    assert migrated(data).data == data
