"""Of the rule fused-optimizer: what takes the place of lamb.py, of fused_adam.py and of apex's FusedLAMB."""

from __future__ import annotations

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import FileResult, rewrite
from migrator.core.file import Context
from migrator.rules import all_rules

RULE = "fused-optimizer"
ADAMW = "from habana_frameworks.torch.hpex.optimizers import FusedAdamW"
LAMB = "from habana_frameworks.torch.hpex.optimizers import FusedLamb"
ALL = "bias_correction=True, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, adam_w_mode=True"
REST = "grad_averaging=True, set_grad_none=True, max_grad_norm=1.0, use_lamb=False"
ZERO = "FusedLamb leaves a weight that is all zero at zero where it has weight decay"


@pytest.fixture
def beside():
    """beside(code): the rule in a layer that has both modules, for a script that imports what is beside it."""

    def beside(code: str, path: str = "train.py", **target: str) -> FileResult:
        facts = {"release": None, "mode": None, "chip": None, "style": None, **target}
        context = Context(make_target(**facts), load_api_map(), modules=frozenset({"lamb", "fused_adam"}))
        text = f"{code}\nif __name__ == '__main__':\n    main()\n".encode()
        result = rewrite(path, text, [all_rules()[RULE]], context)
        assert rewrite(path, result.data, [all_rules()[RULE]], context).data == result.data
        return result

    return beside


def body(result: FileResult) -> str:
    return result.data.decode().removesuffix("\nif __name__ == '__main__':\n    main()\n")


@pytest.mark.parametrize("head", ["from lamb import FusedLAMB\n", "from apex.optimizers import FusedLAMB\n"])
def test_lamb_has_every_argument_and_its_import_goes(beside, head):
    result = beside(f"import torch\n{head}optimizer = FusedLAMB(groups,\n                      lr=args.lr)\n")
    assert body(result) == (
        f"import torch\n{LAMB}\noptimizer = FusedLamb(groups,\n                      lr=args.lr,\n"
        f"                      {ALL},\n                      {REST})\n"
    )
    assert [f.message for f in result.findings] == [ZERO]


def test_long_lines_go_on_below_the_first_argument(beside):
    result = beside("import lamb\nopt = lamb.FusedLAMB(groups, lr=rate)\n")
    assert body(result).splitlines() == [
        LAMB,
        "opt = FusedLamb(groups, lr=rate, bias_correction=True, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01,",
        f"                adam_w_mode=True, {REST})",
    ]


def test_positions_become_names_and_nvlamb_is_use_lamb(beside):
    code = "from lamb import FusedLAMB as L\nopt = L(g, 1e-3, True, b, 1e-6, 0.1, False, True, True, True, clip, nv)\n"
    assert body(beside(code)).splitlines()[1] == (
        "opt = FusedLamb(g, lr=1e-3, bias_correction=True, betas=b, eps=1e-6, weight_decay=0.1, adam_w_mode=True, "
        "grad_averaging=True, set_grad_none=True, max_grad_norm=clip or None, use_lamb=nv)"
    )
    renamed = body(beside("from lamb import FusedLAMB\nopt = FusedLAMB(g, use_nvlamb=args.nv)\n"))
    assert "FusedLamb(g, use_lamb=args.nv, lr=1e-3," in renamed


@pytest.mark.parametrize(
    ("module", "given", "written"),
    [
        ("lamb", "0", "None"),
        ("lamb", "None", "None"),
        ("lamb", "0.5", "0.5"),
        ("lamb", "args.clip", "args.clip or None"),
        ("lamb", "a if b else c", "(a if b else c) or None"),
        ("apex.optimizers", "args.clip", "args.clip"),
    ],
)
def test_no_clipping_is_none(beside, module, given, written):
    result = beside(f"from {module} import FusedLAMB\nopt = FusedLAMB(g, max_grad_norm={given})\n")
    assert f"max_grad_norm={written}," in body(result)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("opt = FusedLAMB(g, adam_w_mode=False)", "adam_w_mode"),
        ("opt = FusedLAMB(g, adam_w_mode=mode)", "adam_w_mode"),
        ("opt = FusedLAMB(g, amsgrad=True)", "amsgrad"),
        ("opt = FusedLAMB(g, **kw)", "arguments passed by * or **"),
        ("opt = FusedLAMB(g)\nisinstance(opt, FusedLAMB)", "its class, which isinstance asks for"),
        ("model.bfloat16()\nopt = FusedLAMB(model.parameters())", "float32 moments of 16-bit parameters"),
        ("opt = FusedLAMB(g)\nopt.zero_grad(set_to_none=False)", "zero_grad() that keeps gradients"),
        ("opt = FusedLAMB(g)\nloss = opt.step(closure)", "what step() returns"),
        ("opt = FusedLAMB(model.parameters())\nmodel.to(device)", "parameters that move to the device later"),
    ],
)
def test_what_lamb_cannot_take_over_stays(beside, code, why):
    code = f"from lamb import FusedLAMB\n{code}\n"
    result = beside(code)
    assert body(result) == code
    assert [f.message for f in result.findings] == [f"FusedLamb has no counterpart of {why}"]


def test_zero_grad_loses_its_argument(beside):
    code = "from lamb import FusedLAMB\ndef f(opt):\n    opt.zero_grad(set_to_none=True)\nopt = FusedLAMB(g)\nf(opt)\n"
    assert "    opt.zero_grad()\n" in body(beside(code))


def test_a_cast_after_the_last_step_does_not_matter(beside):
    code = "from lamb import FusedLAMB\nopt = FusedLAMB(model.parameters())\nopt.step()\nmodel.half()\n"
    assert "FusedLamb(model.parameters()" in body(beside(code))


def test_another_lamb_stays(run, beside):
    code = "from lamb import FusedLAMB\nopt = FusedLAMB(g)\n"
    assert run(code, RULE).data.decode() == code  # no layer offers the module
    assert "FusedLAMB(g)" in body(beside("from mylib.lamb import FusedLAMB\nopt = FusedLAMB(g)\n"))


def test_adam_without_bias_correction(beside):
    result = beside("import fused_adam\nopt = fused_adam.FusedAdam(g, lr=lr, bias_correction=False)\n")
    assert body(result) == (
        f"{ADAMW}\nopt = FusedAdamW(g, lr=lr, bias_correction=False, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)\n"
    )
    assert not result.findings


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("lr=lr", "bias_correction"),
        ("bias_correction=False, max_grad_norm=1.0", "max_grad_norm"),
        ("bias_correction=False, adam_w_mode=False", "adam_w_mode"),
        ("bias_correction=False, master_weights=True", "master_weights"),
        ("bias_correction=False, eps_inside_sqrt=True", "eps_inside_sqrt"),
    ],
)
def test_another_adam_stays(beside, arguments, why):
    code = f"import fused_adam\nopt = fused_adam.FusedAdam(g, {arguments})\n"
    result = beside(code)
    assert body(result) == code
    assert [f.message for f in result.findings] == [f"FusedAdamW has no counterpart of {why}"]


def test_older_releases_keep_that_adam(beside):
    code = "import fused_adam\nopt = fused_adam.FusedAdam(g, bias_correction=False)\n"
    result = beside(code, release="1.17")
    assert body(result) == code
    assert "as far as is known of release 1.17" in result.findings[0].message
