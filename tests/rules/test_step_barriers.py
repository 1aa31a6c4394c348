from __future__ import annotations

import pytest

RULE = "step-barriers"
LOOP = """\
import torch
import torch.distributed as dist
from torch.distributed import barrier

def sync():
    dist.barrier()

dist.barrier()
for step, x in enumerate(loader):
    {line}
    model(x).sum().backward()
    if step % 100 == 0:
        dist.barrier()
        save(model)
dist.broadcast(x, 0)
"""


@pytest.mark.parametrize(
    ("line", "spot"),
    [
        ("torch.distributed.barrier()", "torch.distributed.barrier()"),
        ("barrier()", "barrier()"),
        ("dist.broadcast(x, 0)", "dist.broadcast(x, 0)"),
        ("if ready: dist.barrier()", "dist.barrier()"),
        ("sync()", "dist.barrier()"),
    ],
)
def test_in_every_step(run, line, spot):
    code = LOOP.format(line=line)
    result = run(code, RULE)
    assert [finding.api for finding in result.findings] == [spot]
    assert result.data.decode() == code


@pytest.mark.parametrize(
    "line", ["pass", "dist.all_reduce(x)", "pool.barrier()", "'dist.barrier()'  # dist.barrier()", "barrier = 3"]
)
def test_none_outside_steps_and_of_others(run, line):
    assert run(LOOP.format(line=line), RULE).findings == ()


def test_a_loop_that_does_not_train_is_none(run):
    assert run(LOOP.format(line="dist.barrier()").replace(".backward()", ""), RULE).findings == ()
