from __future__ import annotations

import pytest

RULE = "clip-on-device"
CLIPPER = """\
import torch

class Clipper:
    def __init__(self, max_norm):
        self.max_norm = max_norm

    def step(self, parameters):
        grads = [p.grad for p in parameters if p.grad is not None]
        norm = torch.stack([g.float().norm() for g in grads]).norm(keepdim=True)
        norm = norm{read}
{unless}        coef = self.max_norm / (norm + 1e-6)
{branch}"""
UNLESS = "        if norm == float('inf'):\n            return\n"
BEFORE = {
    "read": ".item()",
    "unless": UNLESS,
    "branch": """\
        if coef < 1:
            with torch.no_grad():
                torch._foreach_mul_(grads, coef)
""",
}
BOUNDED = "        coef = coef.masked_fill(~(coef < 1) | (norm == float('inf')), 1.0)\n"
AFTER = {
    "read": ".squeeze()",
    "unless": "",
    "branch": BOUNDED + "        with torch.no_grad():\n            torch._foreach_mul_(grads, coef)\n",
}
LOOP = """\
import torch

def clip(parameters, largest):
    norm = torch.norm(torch.cat([p.grad.flatten() for p in parameters]))
    {read}
    coef = largest / (1e-6 + total)
{branch}    return parameters
"""
LOOP_BRANCH = """\
    if coef < 1.0:
        for p in parameters:
            if p.grad is not None:
                {}
"""


def clipper(**parts: str) -> str:
    return CLIPPER.format(**{**BEFORE, **parts})


def loop(product: str = "p.grad.mul_(coef)", read: str = "total = norm.item()") -> str:
    return LOOP.format(read=read, branch=LOOP_BRANCH.format(product))


def test_a_method_that_clips_a_list(check_transformed):
    check_transformed(clipper(), CLIPPER.format(**AFTER), RULE)


@pytest.mark.parametrize("test", ["norm == float('inf')", "(norm == math.inf)", "math.isinf(norm)", "np.isinf(norm)"])
def test_how_infinity_is_asked_for(check_transformed, test):
    imports = "import math\nimport numpy as np\n"
    before = clipper(unless=UNLESS.replace("norm == float('inf')", test))
    check_transformed(imports + before, imports + CLIPPER.format(**AFTER), RULE)


@pytest.mark.parametrize("mode", ["lazy", "eager", "compile"])
def test_every_mode(check_transformed, mode):
    check_transformed(clipper(), CLIPPER.format(**AFTER), RULE, mode=mode)


def test_before_torch_2_1_a_list_gets_a_list_of_factors(check_transformed):
    after = {**AFTER, "branch": AFTER["branch"].replace("(grads, coef)", "(grads, [coef] * len(grads))")}
    check_transformed(clipper(), CLIPPER.format(**after), RULE, release="1.9")


AFTER_LOOP = """\
import torch

def clip(parameters, largest):
    norm = torch.norm(torch.cat([p.grad.flatten() for p in parameters]))
    total = norm.float().squeeze()
    coef = largest / (1e-6 + total)
    coef = coef.masked_fill(~(coef < 1), 1.0)
    for p in parameters:
        if p.grad is not None:
            {}
    return parameters
"""


@pytest.mark.parametrize("product", ["p.grad.mul_(coef)", "p.grad.data.mul_(coef)", "p.grad *= coef"])
@pytest.mark.parametrize("read", ["total = norm.item()", "total = float(norm)"])
def test_a_function_that_clips_each_and_returns_something(check_transformed, product, read):
    check_transformed(loop(product, read), AFTER_LOOP.format(product), RULE)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["    ", "\t"])
def test_indentation_and_line_ends(run, newline, indent):
    def lay_out(code: str) -> str:
        return code.replace("    ", indent).replace("\n", newline)

    assert run(lay_out(clipper()), RULE).data.decode() == lay_out(CLIPPER.format(**AFTER))


def test_a_comment_stays(run):
    code = clipper().replace("        if coef < 1:", "        # the largest is over\n        if coef < 1:  # clip")
    data = run(code, RULE).data.decode()
    assert "        # the largest is over\n" in data
    assert "# clip\n" in data


@pytest.mark.parametrize(
    "code",
    [
        clipper() + "        return norm\n",
        clipper(unless="        print(norm)\n"),
        clipper(unless=UNLESS.replace("return", "return norm")),
        clipper() + "        print('clipped')\n",  # which an infinite norm leaves out
        clipper(branch=BEFORE["branch"] + "        else:\n            print(coef)\n"),
        clipper(branch=BEFORE["branch"] + "            self.clipped += 1\n"),
        clipper(branch=BEFORE["branch"].replace("coef < 1", "coef < 2")),
        clipper(branch=BEFORE["branch"].replace("(grads, coef)", "(grads, coef ** 2)")),
        clipper(branch="        if coef < 1:\n            print(coef)\n"),
        clipper().replace("norm + 1e-6", "norm"),
        clipper().replace("    def step(self, parameters):", "    def step(self, parameters):\n        global norm"),
        loop().replace("return parameters", "return total"),
        loop().replace("norm.item()", "numpy.linalg.norm(parameters).item()").replace("import torch", "import numpy"),
        loop("p.grad = p.grad * coef"),
        loop(read="total = int(norm)"),
        loop(read="total = float(largest)"),  # perhaps a number already
        "text = 'if coef < 1: norm.item()'\n# coef = largest / (norm.item() + 1e-6)\n",
    ],
)
def test_anything_else_stays(check_noop, code):
    check_noop(code, RULE)


def test_a_shadowed_float_is_no_read(check_noop):
    check_noop(loop(read="total = float(norm)").replace("(parameters, largest)", "(parameters, largest, float)"), RULE)


@pytest.mark.parametrize("size", [0.1, 1.0, 7.0, 1e4, float("inf")])
@pytest.mark.parametrize("release", ["1.9", "1.24"])
def test_gradients_differ_by_two_units_in_the_last_place_at_most(run, size, release):
    torch = pytest.importorskip("torch")
    before, after = _clipped(clipper(), size), _clipped(run(clipper(), RULE, release=release).data.decode(), size)
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one, other) or (one.view(torch.int32) - other.view(torch.int32)).abs().max() <= 2


def _clipped(code, size):
    torch = pytest.importorskip("torch")
    names: dict[str, object] = {}
    exec(code, names)
    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(torch.zeros(n)) for n in (3, 500)]
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
        parameter.grad *= size / parameter.grad.norm()
    names["Clipper"](1.0).step(parameters)
    return [parameter.grad for parameter in parameters]
