from __future__ import annotations

RULE = "fused-optimizer"
ADAMW = "from habana_frameworks.torch.hpex.optimizers import FusedAdamW"
SGD = "from habana_frameworks.torch.hpex.optimizers import FusedSGD"


def test_defaults_of_torch_are_written_out(check_transformed):
    check_transformed(
        "import torch\nopt = torch.optim.AdamW(groups, lr=args.lr)\n",
        f"import torch\n{ADAMW}\n"
        "opt = FusedAdamW(groups, lr=args.lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2)\n",
        RULE,
    )


def test_positional_arguments_get_their_names(check_transformed):
    check_transformed(
        "from torch import optim\nopt = optim.SGD(params, 0.1, 0.9, 0.0, wd, foreach=True)\n",
        f"from torch import optim\n{SGD}\n"
        "opt = FusedSGD(params, lr=0.1, momentum=0.9, dampening=0.0, weight_decay=wd, nesterov=False)\n",
        RULE,
    )


def test_layout_of_the_call_is_kept(check_transformed):
    check_transformed(
        """\
        from torch.optim import AdamW
        optimizer = AdamW(
            groups,
            lr=lr,  # peak
            fused=True,
            betas=(0.9, 0.98),
            eps=1e-6,
            weight_decay=0.1,
        )
        """,
        f"""\
        {ADAMW}
        optimizer = FusedAdamW(
            groups,
            lr=lr,  # peak
            betas=(0.9, 0.98),
            eps=1e-6,
            weight_decay=0.1,
        )
        """,
        RULE,
    )


def test_what_has_no_counterpart_is_a_finding(run):
    code = "import torch\nopt = torch.optim.AdamW(params, amsgrad=True)\n"
    result = run(code, RULE)
    assert result.data.decode() == code
    assert [f.message for f in result.findings] == ["FusedAdamW has no counterpart of amsgrad"]


def test_amsgrad_false_is_no_obstacle(check_transformed):
    check_transformed(
        "import torch\nopt = torch.optim.AdamW(p, 1e-4, (0.9, 0.99), 1e-8, 0.0, False)\n",
        f"import torch\n{ADAMW}\nopt = FusedAdamW(p, lr=1e-4, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.0)\n",
        RULE,
    )


def test_adam_and_other_libraries_stay(check_noop):
    check_noop("import torch, mylib\na = torch.optim.Adam(p)\nb = mylib.AdamW(p)\nc = 'AdamW'\n", RULE)


def test_several_options_at_the_end_give_way_to_what_is_missing(check_transformed):
    check_transformed(
        "import torch\nopt = torch.optim.AdamW(p, (1e-4), foreach=True, fused=True)\n",
        f"import torch\n{ADAMW}\nopt = FusedAdamW(p, lr=(1e-4), betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2)\n",
        RULE,
    )
    check_transformed(
        "import torch\nopt = torch.optim.AdamW(\n    p,\n    lr=1e-4,\n    fused=True,\n)\n",
        f"import torch\n{ADAMW}\nopt = FusedAdamW(\n    p,\n    lr=1e-4,\n"
        "    betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2,\n)\n",
        RULE,
    )


def test_dampening_differs_in_the_first_step(run):
    code = "import torch\nopt = torch.optim.SGD(p, 0.1, 0.9, 0.5)\n"
    result = run(code, RULE)
    assert result.data.decode() == code
    assert [f.message for f in result.findings] == ["FusedSGD has no counterpart of dampening"]


def test_resuming_adamw_is_a_finding(run):
    code = "import torch\nopt = torch.optim.AdamW(p)\nopt.load_state_dict(saved)\n"
    result = run(code, RULE)
    assert [f.line for f in result.findings] == [3]
    assert "counts steps from 1 again" in result.findings[0].message


def test_imports_that_are_read_stay(check_transformed):
    check_transformed(
        "import torch\nfrom torch.optim import SGD, AdamW\nkinds = {'sgd': SGD}\nopt = AdamW(p)\n",
        f"import torch\n{ADAMW}\nfrom torch.optim import SGD\nkinds = {{'sgd': SGD}}\n"
        "opt = FusedAdamW(p, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2)\n",
        RULE,
    )


def test_shadowed_names_and_text_stay(check_noop):
    check_noop("from torch.optim import AdamW\ndef f(AdamW):\n    return AdamW(p)  # AdamW(p)\ns = 'AdamW(p)'\n", RULE)


def test_line_ends_are_kept(run):
    code = "import torch\r\nopt = torch.optim.AdamW(\r\n\tp,\r\n\tlr=1,\r\n)\r\n"
    assert run(code, RULE).data.count(b"\r\n") == run(code, RULE).data.count(b"\n") == 7
