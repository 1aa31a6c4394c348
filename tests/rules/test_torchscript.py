from __future__ import annotations

import pytest

RULE = "torchscript"


@pytest.mark.parametrize(
    ("head", "decorator"),
    [
        ("import torch", "torch.jit.script"),
        ("from torch import jit", "jit.script"),
        ("from torch.jit import script as compiled", "compiled"),
        ("import torch", "torch.jit.script_if_tracing"),
    ],
)
def test_decorator_of_a_function(check_transformed, head, decorator):
    code = "def gelu(x, bias: float):\n    # type: (Tensor, float) -> Tensor\n    return x + bias\n\ny = gelu(x, 1.0)\n"
    check_transformed(f"{head}\n\n@{decorator}\n{code}", f"{head}\n\n{code}", RULE)


def test_one_of_several_decorators(check_transformed):
    check_transformed(
        "import torch\nclass A:\n\t@staticmethod\r\n\t@torch.jit.script  # fuse\r\n\tdef f(x):\r\n\t\treturn x\r\n",
        "import torch\nclass A:\n\t@staticmethod\r\n\tdef f(x):\r\n\t\treturn x\r\n",
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        "@torch.jit.script\ndef f(x):\n    return x\nprint(f.graph)\n",
        "@torch.jit.script\ndef f(x):\n    return x\ntorch.jit.save(f, 'f.pt')\n",
        "@torch.jit.script\nclass A:\n    pass\n",
        "@torch.jit.unused\ndef f(x):\n    return x\n",
        "@torch.jit.ignore\ndef f(x):\n    return x\n",
        "@torch.jit.export\ndef f(x):\n    return x\n",
        "@torch.jit.script(example=1)\ndef f(x):\n    return x\n",
        "torch._C._jit_set_profiling_mode(False)\n",
        "model = torch.jit.script(model)\n",
        "# @torch.jit.script\ntext = '''\n@torch.jit.script\ndef f(x): pass\n'''\n",
        "def g(torch):\n    @torch.jit.script\n    def f(x):\n        return x\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(f"import torch\n{code}", RULE)


def test_what_stays_compiled_is_listed(run):
    result = run("import torch\n@torch.jit.script\nclass A:\n    pass\ntorch.jit.save(A, 'a')\n", RULE, "gpu-leftovers")
    assert [finding.api for finding in result.findings] == ["torch.jit.script", "torch.jit.save"]
