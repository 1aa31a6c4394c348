from __future__ import annotations

import pytest

RULE = "half-dtype"
HEAD = "import torch\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "dtype = torch.float16 if args.short else torch.float32",
            "dtype = torch.bfloat16 if args.short else torch.float32",
        ),
        (
            "x = torch.zeros(3, dtype=torch.half, device='cpu')",
            "x = torch.zeros(3, dtype=torch.bfloat16, device='cpu')",
        ),
        ("if x.dtype == torch.float16:\n    y = x.half()", "if x.dtype == torch.bfloat16:\n    y = x.bfloat16()"),
        ("model.half()", "model.bfloat16()"),
        ("model = Net().cuda().half().eval()", "model = Net().cuda().bfloat16().eval()"),
        (
            "TYPES = {'fp16': torch.float16, 'fp32': torch.float}",
            "TYPES = {'fp16': torch.bfloat16, 'fp32': torch.float}",
        ),
        ("x = torch.HalfTensor(3).type(torch.HalfTensor)", "x = torch.BFloat16Tensor(3).type(torch.BFloat16Tensor)"),
        ("low = torch.finfo(torch.half).min", "low = torch.finfo(torch.bfloat16).min"),
        ("y = x.to(  # short\n    torch.half,\n)", "y = x.to(  # short\n    torch.bfloat16,\n)"),
        (
            "for x in data:\n    a = x.half()\n    b = torch.zeros(3, dtype=torch.bfloat16)",
            "for x in data:\n    a = x.bfloat16()\n    b = torch.zeros(3, dtype=torch.bfloat16)",
        ),
        (
            "if bf16:\n    dtype = torch.bfloat16\nelif fp16:\n    dtype = torch.float16",
            "if bf16:\n    dtype = torch.bfloat16\nelif fp16:\n    dtype = torch.bfloat16",
        ),
    ],
)
def test_types_and_conversions(check_transformed, before, after):
    check_transformed(f"{HEAD}{before}\n", f"{HEAD}{after}\n", RULE)


def test_aliases(check_transformed):
    head = "import torch as th\nfrom torch import half as short, nn\n"
    check_transformed(
        f"{head}a = th.float16\nb = x.to(short)\nc = a\n",
        f"{head}a = th.bfloat16\nb = x.to(th.bfloat16)\nc = a\n",
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        "dtype = torch.bfloat16 if args.bf16 else torch.float16",
        "TYPES = {'fp16': torch.float16, 'bf16': torch.bfloat16}",
        "if x.dtype in (torch.float16, torch.bfloat16):\n    f()",
        "if x.dtype == torch.bfloat16:\n    f()\nelif y:\n    g()\nelif x.dtype == torch.float16:\n    h()",
        "if x.dtype == torch.float16:\n    f()\nelif x.dtype == torch.bfloat16:\n    g()",
    ],
)
def test_a_choice_between_both_is_a_finding(run, code):
    result = run(f"{HEAD}{code}\n", RULE)
    assert result.data.decode() == f"{HEAD}{code}\n"
    assert len(result.findings) == 1


@pytest.mark.parametrize(
    "code",
    [
        "NAMES = {torch.float16: 'FP16', torch.float32: 'FP32'}",
        "parser.add_argument('--half', help='use torch.float16')  # x.half()",
        "dtype = getattr(torch, 'float16')",
        "import numpy as np\nx = np.float16(1) + np.half(2)",
        "class Line:\n    def half(self):\n        return self\nLine().half()",
        "low, high = interval.half(2)",
        "args.half = True",
    ],
)
def test_what_stays(check_noop, code):
    check_noop(f"{HEAD}{code}\n", RULE)


def test_without_torch_half_is_something_else(check_noop):
    check_noop("import shapes\nx = line.half()\nfloat16 = 1\n", RULE)


def test_a_shadowed_name_stays(check_noop):
    check_noop("import torch\ndef f(torch):\n    return torch.float16\n", RULE)


def test_models_of_an_fp16_optimizer_are_ported_by_its_rule(run):
    head = "import torch\nfrom apex.fp16_utils import FP16_Optimizer\n"
    code = f"{head}model.half()\nx = x.half()\noptimizer = FP16_Optimizer(optimizer)\n"
    assert run(code, RULE).data.decode() == code.replace("x = x.half()", "x = x.bfloat16()")
    both = run(code, RULE, "apex-fp16-optimizer").data.decode()
    assert both == run(code, "apex-fp16-optimizer", RULE).data.decode()
    assert both.endswith("model.forward = MethodType(bf16_forward, model)\nx = x.bfloat16()\n")
