from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from migrator.core.engine import FileResult

RULE = "apex-flat-dist"
HEAD = "import torch\nfrom apex.parallel.distributed import flat_dist_call\n\n\n"
FUNCTION = '''\
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


'''


def test_calls(check_transformed):
    code = (
        "# starts\ndef start(model):\n    {0}([p.data for p in weights(model)], torch.distributed.broadcast, (0,))\n"
        "    {0}(grads, torch.distributed.all_reduce)\n"
    )
    check_transformed(HEAD + code.format("flat_dist_call"), HEAD + FUNCTION + code.format("flat_collective"), RULE)


def test_alias_and_full_name(check_transformed):
    head = (
        "import torch as th\nimport apex.parallel.distributed as d\nfrom apex.parallel.distributed import {} as one\n"
    )
    head = head.format("apply_flat_dist_call")
    code = "one(x, th.distributed.broadcast)\nlater = d.flat_dist_call\n"
    new = "flat_collective(x, th.distributed.broadcast)\nlater = flat_collective\n"
    check_transformed(head + code, head + FUNCTION.replace("torch.", "th.") + new, RULE)


def test_crlf(run: Callable[..., FileResult]):
    code = f"{HEAD}flat_dist_call(x, y)\n"
    result = run(code.replace("\n", "\r\n"), RULE).data
    assert result.replace(b"\r\n", b"\n") == f"{HEAD}{FUNCTION}flat_collective(x, y)\n".encode()
    assert result.count(b"\n") == result.count(b"\r\n")


@pytest.mark.parametrize(
    "code",
    [
        "from mine import flat_dist_call\nflat_dist_call(x, y)\n",
        "from apex.parallel.distributed import flat_dist_call\ntext = 'flat_dist_call(x)'  # flat_dist_call\n",
        "from apex.parallel.distributed import flat_dist_call\ndef f(flat_dist_call): flat_dist_call(1)\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE)


def test_a_name_that_is_taken_is_a_finding(run):
    code = f"{HEAD}flat_collective = 1\nflat_dist_call(x, y)\n"
    result = run(code, RULE)
    assert result.data.decode() == code
    assert [finding.line for finding in result.findings] == [6]


def test_the_function_does_what_apex_does(run):
    torch: Any = pytest.importorskip("torch")
    done = run(f"{HEAD}flat_dist_call(x, y)\n", RULE).data.decode()
    source = done[done.index("def flat") : done.index("flat_collective(x, y)")]
    calls: list[Any] = []
    namespace: dict[str, Any] = {"torch": torch, "sys": sys}
    exec(source, namespace)

    def double(flat: Any, source_rank: int) -> None:
        calls.append((flat.dtype, flat.numel(), source_rank))
        flat *= 2

    tensors = [torch.ones(2, 3), torch.ones(4, dtype=torch.bfloat16), torch.full((5,), 3.0)]
    namespace["flat_collective"]((t for t in tensors), double, (0,))
    assert calls == [(torch.float32, 11, 0), (torch.bfloat16, 4, 0)]
    assert [t.flatten()[0].item() for t in tensors] == [2.0, 2.0, 6.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.distributed, "all_reduce", lambda flat: flat.mul_(8))
        patch.setattr(torch.distributed, "get_world_size", lambda: 4)
        namespace["flat_collective"](tensors[:1], torch.distributed.all_reduce)
    assert tensors[0][0, 0].item() == 4.0
