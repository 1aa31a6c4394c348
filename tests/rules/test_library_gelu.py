from __future__ import annotations

import math
from typing import Any

import pytest

RULE = "library-gelu"
HEAD = "import math\nimport torch\n"
ERF = "torch.nn.functional.gelu(x)"
TANH = 'torch.nn.functional.gelu(x, approximate="tanh")'


@pytest.mark.parametrize(
    ("formula", "gelu"),
    [
        ("x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))", ERF),
        ("x * 0.5 * (1.0 + torch.erf(x / 1.41421))", ERF),
        ("0.5 * x * (torch.erf(x * 0.7071067811865476) + 1)", ERF),
        ("x / 2 * (1 + (x * 2 ** -0.5).erf())", ERF),
        ("(1 + torch.special.erf(x / 2 ** 0.5)) * x / 2.0", ERF),
        ("0.5 * x + 0.5 * x * torch.erf(torch.div(x, ROOT))", ERF),
        ("0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))", TANH),
        ("0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))", TANH),
        ("x * 0.5 * (1.0 + torch.tanh(0.79788456 * x * (1 + 0.044715 * x * x)))", TANH),
        ("x * (1 + (0.79788 * (x + 0.044715 * x.pow(3))).tanh()) * 0.5", TANH),
    ],
)
def test_any_way_to_write_it(check_transformed, formula, gelu):
    head = f"{HEAD}ROOT = math.sqrt(2)\n"
    check_transformed(f"{head}def f(x):\n    return {formula}\n", f"{head}def f(x):\n    return {gelu}\n", RULE)
    check_transformed(f"{head}f = lambda x: {formula}\n", f"{head}f = lambda x: {gelu}\n", RULE)


def test_names_for_parts_of_it_go(check_transformed):
    check_transformed(
        """\
        import math
        import torch
        class Activation(torch.nn.Module):
            def forward(self, bias, y):
                x = bias + y
                # the error function
                cdf = 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))
                return self.dropout(x * cdf)
        """,
        """\
        import math
        import torch
        class Activation(torch.nn.Module):
            def forward(self, bias, y):
                x = bias + y
                # the error function
                return self.dropout(torch.nn.functional.gelu(x))
        """,
        RULE,
    )


def test_names_that_something_else_reads_stay(check_transformed):
    check_transformed(
        "import torch\ndef f(x):\n    t = torch.erf(x / 1.4142135)\n    y = x * 0.5 * (1.0 + t)\n    return y, t\n",
        "import torch\ndef f(x):\n    t = torch.erf(x / 1.4142135)\n"
        "    y = torch.nn.functional.gelu(x)\n    return y, t\n",
        RULE,
    )


def test_the_name_of_the_module_is_used(check_transformed):
    check_transformed(
        "import torch\nimport torch.nn.functional as F\nf = lambda x: x * 0.5 * (1.0 + torch.erf(x / 1.41421))\n",
        "import torch\nimport torch.nn.functional as F\nf = lambda x: F.gelu(x)\n",
        RULE,
    )


@pytest.mark.parametrize(
    "formula",
    [
        "x * 0.5 * (1.0 + torch.erf(x / 1.414))",
        "x * 0.5 * (1.0 + torch.erf(y / 1.41421))",
        "x * 0.5 * (1.0 - torch.erf(x / 1.41421))",
        "x * (1.0 + torch.erf(x / 1.41421))",
        "0.5 * x * (1 + torch.tanh(0.79788 * (x + 0.0447 * x ** 3)))",
        "0.5 * x * (1 + torch.tanh(0.79788 * (x + 0.044715 * x ** 2)))",
        "x * torch.sigmoid(1.702 * x) + torch.tanh(x)",
        "x * 0.5 * (1.0 + math.erf(x / 1.41421))",
        "f(x) * 0.5 * (1.0 + torch.erf(f(x) / 1.41421))",
    ],
)
def test_other_formulas_stay(check_noop, formula):
    check_noop(f"import math\nimport torch\ndef g(x, y):\n    return {formula}\n", RULE)


def test_a_name_that_changes_in_between_is_another(check_noop):
    check_noop(
        "import torch\ndef f(x):\n    t = torch.erf(x / 1.41421)\n    x = x + 1\n    return x * 0.5 * (1 + t)\n", RULE
    )
    check_noop(
        "import torch\ndef f(x):\n    t = torch.erf(x / 1.41421)\n    x.add_(1)\n    return x * 0.5 * (1 + t)\n", RULE
    )
    check_noop("import torch\ndef f(x, torch):\n    return x * 0.5 * (1.0 + torch.erf(x / 1.41421))\n", RULE)


def test_line_ends_are_kept(run):
    code = "import torch\r\ndef f(x):\r\n\tc = 0.5 * (1.0 + torch.erf(x / 1.41421))\r\n\treturn x * c\r\n"
    assert run(code, RULE).data == b"import torch\r\ndef f(x):\r\n\treturn torch.nn.functional.gelu(x)\r\n"


CASES = {
    "x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))": (0.0, 0.0),
    "x * 0.5 * (1.0 + torch.erf(x / 1.41421))": (7.4e-7, 8.4e-7),
    "0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))": (0.0, 0.0),
    "0.5 * x * (1.0 + torch.tanh(0.79788 * (x + 0.044715 * torch.pow(x, 3))))": (1.5e-6, 1.8e-6),
}


@pytest.mark.parametrize("formula", CASES)
def test_how_far_results_differ(run, formula):
    torch = pytest.importorskip("torch")
    by_hand = f"{HEAD}def f(x):\n    return {formula}\n"
    rewritten = run(by_hand, RULE).data.decode()
    assert rewritten != by_hand
    for dtype, rounding in ((torch.float64, 2e-14), (torch.float32, 2e-6)):
        x = torch.linspace(-8, 8, 100_001, dtype=dtype)
        (value, slope), (other, other_slope) = (_values(torch, code, x) for code in (by_hand, rewritten))
        assert float((value - other).abs().max()) <= CASES[formula][0] + rounding
        assert float((slope - other_slope).abs().max()) <= CASES[formula][1] + rounding


def _values(torch: Any, code: str, x: Any) -> tuple[Any, Any]:
    """What the function of a piece of code gives for x, and its slope there."""
    names: dict[str, Any] = {}
    exec(code, names)
    x = x.clone().requires_grad_()
    y = names["f"](x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return y.detach(), slope


def test_the_constants_are_what_the_tolerance_says():
    assert math.isclose(1.41421, math.sqrt(2), rel_tol=1e-5)
    assert not math.isclose(1.414, math.sqrt(2), rel_tol=1e-5)


def test_a_torch_that_is_something_else_here_is_a_finding(run):
    code = "from torch import erf\ndef f(x, torch):\n    return x * 0.5 * (1.0 + erf(x / 1.41421))\n"
    result = run(code, RULE)
    assert result.data.decode() == code
    assert len(result.findings) == 1


def test_torch_is_imported_where_only_a_function_was(check_transformed):
    check_transformed(
        "from torch import erf\ndef f(x):\n    return x * 0.5 * (1.0 + erf(x / 1.41421))\n",
        "from torch import erf\nimport torch\ndef f(x):\n    return torch.nn.functional.gelu(x)\n",
        RULE,
    )


@pytest.mark.parametrize(
    "function",
    [
        "# torch's own cannot be exported to ONNX\n{}    return x * 0.5 * (1.0 + torch.erf(x / 1.41421))\n",
        "{}    return torch.nn.functional.gelu(x)  # not for onnx\n",
        "{}    # ONNX\n    y = x * 0.5 * (1.0 + torch.erf(x / 1.41421))\n    return y\n",
    ],
)
def test_a_comment_about_onnx_is_a_finding(run, function):
    result = run(HEAD + function.format("def f(x):\n"), RULE)
    assert [finding.api for finding in result.findings] == ["def f(x):"]
    assert "torch.nn.functional.gelu(x)" in result.data.decode()


@pytest.mark.parametrize(
    "function",
    [
        "def g():  # ONNX\n    pass\ndef f(x):\n    return torch.nn.functional.gelu(x)\n",
        "# ONNX\n\ndef f(x):\n    return torch.nn.functional.gelu(x)\n",
        "def f(x):\n    'ONNX'\n    return torch.nn.functional.gelu(x)\n",
        "# ONNX\ndef f(x):\n    return gelu(x)\n",
    ],
)
def test_other_comments_are_none(run, function):
    assert run(HEAD + function, RULE).findings == ()
