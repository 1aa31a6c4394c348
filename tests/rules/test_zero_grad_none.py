from __future__ import annotations

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import FileResult, rewrite
from migrator.core.file import Context
from migrator.rules import all_rules

RULE = "zero-grad-none"
OLD = {"release": "1.9"}
LOOP = "for x in y:\n    opt.zero_grad()\n    loss(x).backward()\n    opt.step()\n"
AFTER = LOOP.replace("zero_grad()", "zero_grad(set_to_none=True)")


@pytest.mark.parametrize(
    "made",
    [
        "torch.optim.AdamW(p)",
        "torch.optim.SGD(p, 0.1)",
        "habana_frameworks.torch.hpex.optimizers.FusedAdamW(p)",
    ],
)
def test_gradients_are_dropped(check_transformed, made):
    head = f"import torch\nimport habana_frameworks.torch.hpex.optimizers\nopt = {made}\n"
    check_transformed(head + LOOP, head + AFTER, RULE, **OLD)


def test_newer_torch_drops_them_by_itself(check_noop):
    check_noop(f"import torch\nopt = torch.optim.SGD(p, 0.1)\n{LOOP}", RULE, release="1.10")


def test_the_optimizer_of_a_function(check_transformed):
    head = "from torch.optim import Adam\ndef step(opt):\n    opt.step()\n    opt.zero_grad({})\nstep(Adam(p))\n"
    check_transformed(head.format(""), head.format("set_to_none=True"), RULE, **OLD)


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nopt = torch.optim.SGD(p, 0.1)\nopt.zero_grad(set_to_none=False)\n",
        "from habana_frameworks.torch.hpex.optimizers import FusedLamb\nopt = FusedLamb(p)\nopt.zero_grad()\n",
        "from apex.optimizers import FusedAdam\nopt = FusedAdam(p)\nopt.zero_grad()\n",
        "from lamb import FusedLAMB\nopt = FusedLAMB(p)\nopt.zero_grad()\n",
        "for p in model.parameters():\n    p.grad = None\nmodel.zero_grad()\n",
        "opt = 'opt.zero_grad()'  # opt.zero_grad()\n",
    ],
)
def test_what_says_or_does_it_already_stays(run, code):
    result = run(code, RULE, **OLD)
    assert result.data.decode() == code
    assert not result.findings


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (f"from mylib import Best\nopt = Best(p)\n{LOOP}", "what kind of optimizer it is cannot be told"),
        (f"def f(opt):\n    pass\n{LOOP}", "what kind of optimizer it is cannot be told"),
        (
            f"import torch\nopt = torch.optim.SGD(p, 0.1)\nprint(w.grad.norm())\n{LOOP}",
            "something reads .grad without asking whether there is one",
        ),
        (
            "import torch\nclass S(torch.optim.SGD):\n    def zero_grad(self):\n        pass\n"
            f"opt = torch.optim.SGD(p, 0.1)\n{LOOP}",
            "a class has a zero_grad of its own",
        ),
        (
            "import torch\nfrom habana_frameworks.torch.hpex.optimizers import FusedLamb\n"
            f"opt = FusedLamb(p) if big else torch.optim.SGD(p, 0.1)\n{LOOP}",
            "what kind of optimizer it is cannot be told",
        ),
    ],
)
def test_what_cannot_be_told_is_a_finding(run, code, why):
    result = run(code, RULE, **OLD)
    assert result.data.decode() == code
    assert [f.message for f in result.findings] == [f"zero_grad() zeroes gradients: {why}"]


@pytest.mark.parametrize(
    "read",
    [
        "total = [p.grad for p in ps if p.grad is not None]",
        "if w.grad is not None:\n    print(w.grad.norm())",
        "norm = w.grad.norm() if w.grad is not None else 0",
        "w.grad = None",
    ],
)
def test_reads_that_ask_are_no_obstacle(check_transformed, read):
    head = f"import torch\nopt = torch.optim.SGD(p, 0.1)\n{read}\n"
    check_transformed(head + LOOP, head + AFTER, RULE, **OLD)


def tree(sources: dict[str, bytes]) -> FileResult:
    code = f"from optimization import Own\nopt = Own(p)\n{LOOP}".encode()
    context = Context(make_target("1.9", None, None, None), load_api_map(), sources={"train.py": code, **sources})
    return rewrite("train.py", code, [all_rules()[RULE]], context)


def test_classes_of_the_repository():
    own = b"class Own(torch.optim.Optimizer):\n    def step(self):\n        if p.grad is None:\n            pass\n"
    assert b"set_to_none=True" in tree({"optimization.py": own}).data
    assert b"set_to_none=True" in tree({"optimization.py": own, "lamb.py": b"def zero_grad(self): pass"}).data
    assert tree({"optimization.py": own + b"    def zero_grad(self):\n        pass\n"}).findings
    assert tree({"optimization.py": own.replace(b" is None", b" > 0")}).findings
    assert tree({}).findings


def test_line_ends_are_kept(run):
    code = "import torch\r\nopt = torch.optim.SGD(\r\n\tp, 0.1)\r\nopt.zero_grad()\r\n"
    assert run(code, RULE, **OLD).data.decode() == code.replace("grad()", "grad(set_to_none=True)")


def test_both_ways_compute_the_same(run):
    torch = pytest.importorskip("torch")
    code = (
        "import torch\ndef f(w):\n    opt = torch.optim.SGD([w], 0.1, momentum=0.9)\n    for n in range(5):\n"
        "        opt.zero_grad()\n        (w * w * n).sum().backward()\n        opt.step()\n"
    )
    after = run(code, RULE, **OLD).data.decode()
    assert after != code
    values = []
    for text in (code.replace("zero_grad()", "zero_grad(set_to_none=False)"), after):
        names: dict[str, object] = {}
        exec(text, names)
        weight = torch.arange(4.0).requires_grad_()
        names["f"](weight)  # type: ignore[operator]
        values.append(weight.detach())
    assert torch.equal(*values)
