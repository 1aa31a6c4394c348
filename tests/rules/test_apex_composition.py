"""All of apex at once: a trainer that uses every part of it, ported by the rules of one layer together."""

from __future__ import annotations

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import rewrite
from migrator.core.file import Context
from migrator.recipes import load_recipe
from migrator.rules import all_rules

BEFORE = """\
import argparse
import torch
import amp_C
from apex import amp
from apex.amp import _amp_state
from apex.multi_tensor_apply import multi_tensor_applier
from apex.optimizers import FusedLAMB
from apex.parallel.distributed import flat_dist_call


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loss_scale", type=float, default=0.0, help="0 is dynamic")
    args = parser.parse_args()
    return args


class Clip:
    def __init__(self, limit):
        if multi_tensor_applier.available:
            self.buffer = torch.cuda.IntTensor([0])
            self.norm = amp_C.multi_tensor_l2norm
        else:
            raise RuntimeError("build apex")
        self.limit = limit

    def __call__(self, grads):
        norm, _ = multi_tensor_applier(self.norm, self.buffer, [grads], False)
        return self.limit / norm


def start(args, model):
    optimizer = FusedLAMB(model.parameters(), lr=1e-3)
    model, optimizer = amp.initialize(model, optimizer, opt_level="O2", loss_scale=args.loss_scale)
    flat_dist_call([p.data for p in model.parameters()], torch.distributed.broadcast, (0,))
    return model, optimizer


def step(args, optimizer, buffer, loss, skipped):
    with amp.scale_loss(loss, optimizer) as scaled_loss:
        scaled_loss.backward()
    scale = _amp_state.loss_scalers[0].loss_scale()
    grads = [p.grad for p in amp.master_params(optimizer)]
    dtype = torch.float16 if args.short else torch.float32
    flat = torch.zeros(9, dtype=dtype)
    buffer.zero_()
    amp_C.multi_tensor_scale(65536, buffer, [grads, [flat]], scale / 8)
    scaler = _amp_state.loss_scalers[0]
    scaler._overflow_buf = buffer
    overflow = scaler.update_scale()
    if overflow == 0:
        # all is well
        optimizer.step()
    else:
        skipped += 1
        for p in optimizer._amp_stash.all_fp32_from_fp16_params:
            p.grad = None
    return skipped
"""
AFTER = '''\
import argparse
from types import MethodType
import warnings
import torch
from torch.utils._pytree import tree_map
from lamb import FusedLAMB


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loss_scale", type=float, default=0.0, help="0 is dynamic ({note})")
    args = parser.parse_args()
    if args.loss_scale != parser.get_default("loss_scale"):
        warnings.warn("--loss_scale has {note}")
    return args


class Clip:
    def __init__(self, limit):
        self.limit = limit

    def __call__(self, grads):
        norm = torch.linalg.vector_norm({norms}, keepdim=True)
        return self.limit / norm


def bf16_forward(self, *args, **kwargs):
    """Run the module's forward under bfloat16 autocast; return its bfloat16 outputs as float32, for the loss."""
    with torch.autocast("hpu", dtype=torch.bfloat16):
        outputs = type(self).forward(self, *args, **kwargs)
    return tree_map(lambda x: x.float() if torch.is_tensor(x) and x.dtype == torch.bfloat16 else x, outputs)


def flat_collective(tensors, call, extra_args=None):
    """Run a collective on tensors put together by dtype; all_reduce leaves the mean of all processes."""
    tensors = list(tensors)
    for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
        bucket = [tensor for tensor in tensors if tensor.dtype == dtype]
        flat = torch._utils._flatten_dense_tensors(bucket)
        call(flat, *(extra_args or ()))
        if call is torch.distributed.all_reduce:
            flat /= torch.distributed.get_world_size()
        for tensor, part in zip(bucket, torch._utils._unflatten_dense_tensors(flat, bucket)):
            tensor.copy_(part)


def start(args, model):
    optimizer = FusedLAMB(model.parameters(), lr=1e-3)
    model.forward = MethodType(bf16_forward, model)
    flat_collective([p.data for p in model.parameters()], torch.distributed.broadcast, (0,))
    return model, optimizer


def step(args, optimizer, buffer, loss, skipped):
    loss.backward()
    scale = 1.0
    grads = [p.grad for p in (p for group in optimizer.param_groups for p in group["params"])]
    dtype = torch.bfloat16 if args.short else torch.float32
    flat = torch.zeros(9, dtype=dtype)
    with torch.no_grad():
        torch._foreach_copy_([flat], torch._foreach_mul([t.float() for t in grads], scale / 8))
    # all is well
    optimizer.step()
    return skipped
'''
PARTS = {
    "{note}": "no effect: bfloat16 needs no loss scaling",
    "{norms}": "torch.stack(torch._foreach_norm([t.detach().float() for t in grads]))",
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_everything_together(newline):
    after = AFTER
    for part, text in PARTS.items():
        after = after.replace(part, text)
    layer = load_recipe("generic").stages[0].layers[0]
    names = [*getattr(layer, "rules", ()), "gpu-imports", "gpu-leftovers"]
    facts = Context(make_target(None, None, None, None), load_api_map(), frozenset({"train.py"}), frozenset({"lamb"}))
    result = rewrite("train.py", BEFORE.replace("\n", newline).encode(), [all_rules()[name] for name in names], facts)
    assert result.data.decode() == after.replace("\n", newline)
    assert result.findings == ()
    again = rewrite("train.py", result.data, [all_rules()[name] for name in names], facts)
    assert (again.data, again.rounds) == (result.data, ())
