from __future__ import annotations

from typing import Any

import pytest

RULE = "apex-multi-tensor"
HEAD = "import torch\nimport amp_C\nfrom apex.multi_tensor_apply import multi_tensor_applier\n\n"
NORMS = "torch.stack(torch._foreach_norm([t.detach().float() for t in grads]))"
NORM = f"torch.linalg.vector_norm({NORMS}, keepdim=True)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "amp_C.multi_tensor_scale(65536, buffer, [a, b], 1 / n)",
            "with torch.no_grad():\n    torch._foreach_copy_(b, torch._foreach_mul([t.float() for t in a], 1 / n))",
        ),
        (
            "multi_tensor_applier(\n    amp_C.multi_tensor_scale,  # kernel\n    buffer, [a if x else c, b], 2\n)",
            "# kernel\nwith torch.no_grad():\n"
            "    torch._foreach_copy_(b, torch._foreach_mul([t.float() for t in (a if x else c)], 2))",
        ),
        (
            "amp_C.multi_tensor_scale(65536, buffer, [gradients, gradients], f(x))",
            "with torch.no_grad():\n    torch._foreach_mul_(gradients, f(x))",
        ),
        (
            "amp_C.multi_tensor_axpby(65536, buffer, [x, y, out], a, b, 0)",
            "with torch.no_grad():\n    torch._foreach_copy_(\n        out,\n        torch._foreach_add("
            "torch._foreach_mul([t.float() for t in x], a), torch._foreach_mul([t.float() for t in y], b)),\n    )",
        ),
        ("n, _ = multi_tensor_applier(amp_C.multi_tensor_l2norm, buffer, [grads], False)", f"n = {NORM}"),
        ("n, each = amp_C.multi_tensor_l2norm(65536, buffer, [grads])", f"n = {NORM}"),
        (
            "n, each = amp_C.multi_tensor_l2norm(65536, buffer, [grads], True)  # norms\nprint(each)",
            f"each = {NORMS}\nn = torch.linalg.vector_norm(each, keepdim=True)  # norms\nprint(each)",
        ),
        ("log(amp_C.multi_tensor_l2norm(65536, buffer, [grads], True)[0].item())", f"log({NORM}.item())"),
        ("log(amp_C.multi_tensor_l2norm(65536, buffer, [grads], True)[1])", f"log({NORMS})"),
        ("scale = amp_C.multi_tensor_scale\nstage = amp_C.multi_tensor_lamb_stage1_cuda\nx = 1", "x = 1"),
        ("if multi_tensor_applier.available:\n    x = 1\nelse:\n    raise RuntimeError('no kernels')", "x = 1"),
        ("if not multi_tensor_applier.available:\n    raise RuntimeError('no kernels')\nx = 1", "x = 1"),
        (
            "if multi_tensor_applier.available:\n    amp_C.multi_tensor_sgd(65536, b, [g], lr)\nelse:\n    plain(g)",
            "plain(g)",
        ),
    ],
)
def test_calls_and_tests(check_transformed, before, after):
    check_transformed(f"{HEAD}{before}\n", f"{HEAD}{after}\n", RULE)


CLIPPER = """\
class Clipper:
    def __init__(self, limit):
        self.limit = limit
        if multi_tensor_applier.available:
            import amp_C
            self._overflow_buf = torch.cuda.IntTensor([0])
            self.norm = amp_C.multi_tensor_l2norm
            self.scale = amp_C.multi_tensor_scale
        else:
            raise RuntimeError("needs the kernels")

    def step(self, grads):
        self._overflow_buf.zero_()
        norm, _ = multi_tensor_applier(self.norm, self._overflow_buf, [grads], False)
        if norm > self.limit:
            multi_tensor_applier(self.scale, self._overflow_buf, [grads, grads], self.limit / norm)
"""
CLIPPED = f"""\
class Clipper:
    def __init__(self, limit):
        self.limit = limit
        import amp_C

    def step(self, grads):
        norm = {NORM}
        if norm > self.limit:
            with torch.no_grad():
                torch._foreach_mul_(grads, self.limit / norm)
"""


@pytest.mark.parametrize("indent", ["    ", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_kernels_in_attributes(run, indent, newline):
    def lay_out(code: str) -> str:
        return (HEAD + code).replace("    ", indent).replace("\n", newline)

    inner = lay_out(CLIPPED).replace(f"{indent * 3}{indent}torch._foreach_mul_", f"{indent * 3}    torch._foreach_mul_")
    result = run(lay_out(CLIPPER), RULE).data.decode()
    assert result == inner
    assert run(result, RULE).data.decode() == result


def test_a_buffer_that_something_reads_stays(check_transformed):
    code = (
        "def f(a, b):\n    buffer = torch.cuda.IntTensor([0])\n    buffer.zero_()\n    {}\n"
        "    if buffer.item():\n        return\n    g()\n"
    )
    check_transformed(
        HEAD + code.format("amp_C.multi_tensor_scale(65536, buffer, [a, a], 2)"),
        HEAD + code.format("with torch.no_grad():\n        torch._foreach_mul_(a, 2)"),
        RULE,
    )


def test_a_buffer_that_is_a_parameter_is_not_cleared(check_transformed):
    head = f"{HEAD}def f(a, buffer):\n"
    check_transformed(
        f"{head}    buffer.zero_()\n    amp_C.multi_tensor_scale(65536, buffer, [a, a], 2)\n",
        f"{head}    with torch.no_grad():\n        torch._foreach_mul_(a, 2)\n",
        RULE,
    )


def test_before_torch_had_a_copy_of_lists(check_transformed):
    check_transformed(
        f"{HEAD}amp_C.multi_tensor_scale(65536, buffer, [a, b], 2)\n",
        f"{HEAD}with torch.no_grad():\n    for old, new in zip(b, torch._foreach_mul([t.float() for t in a], 2)):\n"
        "        old.copy_(new)\n",
        RULE,
        release="1.9",
    )


@pytest.mark.parametrize(
    "code",
    [
        "amp_C.multi_tensor_scale(65536, buffer, lists, 2)",
        "amp_C.multi_tensor_scale(*arguments)",
        "done = amp_C.multi_tensor_scale(65536, buffer, [a, b], 2)",
        "if x: amp_C.multi_tensor_scale(65536, buffer, [a, b], 2)",
        "amp_C.multi_tensor_lamb(65536, buffer, [g, p, m, v], 1)",
        "norms = amp_C.multi_tensor_l2norm(65536, buffer, [grads], True)",
        "n, each = amp_C.multi_tensor_l2norm(65536, buffer, [grads], ask)\nprint(each)",
        "if multi_tensor_applier.available:\n    kernel = amp_C.multi_tensor_sgd\n    kernel(1)",
        "x = multi_tensor_applier.available",
        "scale = amp_C.multi_tensor_scale\nuse(scale)",
        "__all__ = ['scale']\nscale = amp_C.multi_tensor_scale",
        "print('amp_C.multi_tensor_scale(65536, b, [x, y], 2)')  # multi_tensor_applier.available",
    ],
)
def test_what_stays(check_noop, code):
    check_noop(f"{HEAD}{code}\n", RULE)


@pytest.mark.parametrize(
    "code",
    [
        "from mine import amp_C\namp_C.multi_tensor_scale(65536, buffer, [a, b], 2)\n",
        "import amp_C\ndef f(amp_C):\n    amp_C.multi_tensor_scale(65536, buffer, [a, b], 2)\n",
    ],
)
def test_other_names_stay(check_noop, code):
    check_noop(code, RULE)


@pytest.mark.parametrize("release", ["1.9", "1.24"])
def test_the_new_code_computes_what_the_kernels_do(run, release):
    torch: Any = pytest.importorskip("torch")
    code = (
        "amp_C.multi_tensor_scale(65536, None, [source, target], 0.1)\n"
        "amp_C.multi_tensor_scale(65536, None, [inner, inner], 0.1)\n"
        "amp_C.multi_tensor_axpby(65536, None, [source, target, out], 2.0, 3.0, 0)\n"
        "total, each = amp_C.multi_tensor_l2norm(65536, None, [source], True)\n"
        "first = amp_C.multi_tensor_l2norm(65536, None, [source], False)[0]\nprint(each)\n"
    )
    rewritten = run(f"import torch\nimport amp_C\n{code}", RULE, release=release).data.decode()
    source = [torch.full((2, 2), 3.0, requires_grad=True), torch.full((4,), 4.0)]
    names = {
        "source": source,
        "target": [torch.zeros(2, 2, dtype=torch.bfloat16), torch.nn.Parameter(torch.zeros(4))],
        "inner": [torch.full((3,), 7.0, dtype=torch.bfloat16)],
        "out": [torch.zeros(2, 2), torch.zeros(4)],
        "print": lambda norms: None,
    }
    exec(rewritten.replace("import amp_C\n", ""), names)
    assert torch.equal(names["target"][0], torch.full((2, 2), 0.3).bfloat16())
    assert torch.allclose(names["target"][1], torch.full((4,), 0.4))
    assert torch.equal(names["inner"][0], torch.full((3,), 0.7).bfloat16())
    assert torch.allclose(names["out"][0], 6.0 + 3.0 * names["target"][0].float())
    assert names["total"].shape == names["first"].shape == (1,)
    assert names["total"].item() == pytest.approx(10.0)
    assert names["each"].tolist() == pytest.approx([6.0, 8.0])
