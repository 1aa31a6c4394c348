from __future__ import annotations

import pytest

RULE = "apex-optimizers"
HEAD = "import torch\nfrom apex.optimizers import FusedAdam, FusedSGD, FusedAdagrad\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FusedAdam(params)", "torch.optim.AdamW(params, weight_decay=0.0)"),
        ("FusedAdam(params, lr=1e-4, weight_decay=wd)", "torch.optim.AdamW(params, lr=1e-4, weight_decay=wd)"),
        ("FusedAdam(params, adam_w_mode=True)", "torch.optim.AdamW(params, weight_decay=0.0)"),
        ("FusedAdam(params, adam_w_mode=False, eps=1e-6)", "torch.optim.Adam(params, eps=1e-6)"),
        (
            "FusedAdam(params, 1e-4, True, (0.9, 0.98), 1e-6, True, 0.01, False, True)",
            "torch.optim.AdamW(params, 1e-4, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)",
        ),
        (
            "FusedAdam(params, bias_correction=True, amsgrad=False, weight_decay=0.1)",
            "torch.optim.AdamW(params, weight_decay=0.1)",
        ),
        (
            "FusedAdam(\n    params,\n    lr=1e-4,\n    set_grad_none=True,\n    betas=b,\n)",
            "torch.optim.AdamW(\n    params,\n    lr=1e-4,\n    betas=b,\n    weight_decay=0.0,\n)",
        ),
        (
            "FusedSGD(params, 0.1, 0.9, wd_after_momentum=False, materialize_master_grads=True)",
            "torch.optim.SGD(params, 0.1, 0.9)",
        ),
        ("FusedAdagrad(params, 0.1, 1e-8)", "torch.optim.Adagrad(params, 0.1, eps=1e-8)"),
        ("isinstance(optimizer, FusedAdam)", "isinstance(optimizer, torch.optim.AdamW)"),
    ],
)
def test_constructions(check_transformed, before, after):
    check_transformed(f"{HEAD}optimizer = {before}\n", f"{HEAD}optimizer = {after}\n", RULE)


def test_dictionary_of_arguments(check_transformed):
    code = HEAD + "kw = dict(lr=0.1, weight_decay=wd)\nlast = {{'lr': 1}}\na = {}\nb = {}\n"
    check_transformed(
        code.format("FusedAdam(params, **kw)", "FusedAdam(params, **last)"),
        code.format("torch.optim.AdamW(params, **kw)", "torch.optim.AdamW(params, **last, weight_decay=0.0)"),
        RULE,
    )


@pytest.mark.parametrize(
    "call",
    [
        "FusedAdam(params, bias_correction=False)",
        "FusedAdam(params, amsgrad=True)",
        "FusedAdam(params, adam_w_mode=args.adamw)",
        "FusedAdam(params, **options)",
        "FusedAdam(*arguments)",
        "FusedSGD(params, lr=1, wd_after_momentum=True)",
    ],
)
def test_what_torch_has_not_is_left_with_a_finding(run, call):
    result = run(f"{HEAD}optimizer = {call}\n", RULE)
    assert result.data.decode() == f"{HEAD}optimizer = {call}\n"
    assert [finding.line for finding in result.findings] == [3]


def test_full_name_and_alias(check_transformed):
    check_transformed(
        "import apex.optimizers as fused\nimport torch as th\no = fused.fused_adam.FusedAdam(p, weight_decay=0)\n",
        "import apex.optimizers as fused\nimport torch as th\no = th.optim.AdamW(p, weight_decay=0)\n",
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        "from apex.optimizers import FusedLAMB\no = FusedLAMB(p)\n",
        "from mine import FusedAdam  # apex\no = FusedAdam(p)\n",
        "from apex.optimizers import FusedAdam\nCLASSES = {'adam': FusedAdam}\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE)


def test_a_last_option_on_a_line_of_its_own_gives_way_to_a_default(check_transformed):
    check_transformed(
        "import apex\nimport torch\no = apex.optimizers.FusedAdam(\n    p,\n    set_grad_none=True,\n)\n",
        "import apex\nimport torch\no = torch.optim.AdamW(\n    p,\n    weight_decay=0.0,\n)\n",
        RULE,
    )
