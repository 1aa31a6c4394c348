from __future__ import annotations

import pytest

RULE = "autocast"
BF16 = "dtype=torch.bfloat16"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("torch.cuda.amp.autocast()", f'torch.autocast("hpu", {BF16})'),
        ("torch.cuda.amp.autocast(enabled=args.amp)", f'torch.autocast("hpu", {BF16}, enabled=args.amp)'),
        ("torch.cuda.amp.autocast(args.amp)", f'torch.autocast("hpu", {BF16}, enabled=args.amp)'),
        ("torch.cuda.amp.autocast(x, torch.half)", f'torch.autocast("hpu", enabled=x, {BF16})'),
        (
            "torch.cuda.amp.autocast(True, cache_enabled=c)",
            f'torch.autocast("hpu", {BF16}, enabled=True, cache_enabled=c)',
        ),
        ("torch.autocast('cuda')", f"torch.autocast('hpu', {BF16})"),
        ('torch.autocast(device_type="cuda", enabled=e)', f'torch.autocast(device_type="hpu", {BF16}, enabled=e)'),
        ('torch.autocast("cuda", torch.float16)', 'torch.autocast("hpu", torch.bfloat16)'),
        ('torch.amp.autocast("cuda", dtype=torch.bfloat16)', f'torch.amp.autocast("hpu", {BF16})'),
        ("torch.autocast(device.type, dtype=torch.float16)", f"torch.autocast(device.type, {BF16})"),
        ('torch.autocast("cuda" if gpu else "cpu")', 'torch.autocast("hpu" if gpu else "cpu")'),
        (
            'torch.autocast("cuda", dtype=torch.half if old else torch.bfloat16)',
            'torch.autocast("hpu", dtype=torch.bfloat16 if old else torch.bfloat16)',
        ),
    ],
)
def test_constructions(check_transformed, before, after):
    check_transformed(f"import torch\ncontext = {before}\n", f"import torch\ncontext = {after}\n", RULE)


def test_context_manager_decorator_and_aliases(check_transformed):
    check_transformed(
        """\
        from torch.cuda import amp
        from torch.cuda.amp import autocast
        from torch.amp import autocast as cast
        import torch as th

        @autocast()
        def forward(x):
            with amp.autocast(
                enabled=flag,  # off for debugging
            ), no_grad():
                y = x
            with cast('cuda'):
                return y

        make = th.cuda.amp.autocast
        with make(flag):
            pass
        """,
        """\
        from torch.cuda import amp
        from torch.cuda.amp import autocast
        from torch.amp import autocast as cast
        import torch as th

        @th.autocast("hpu", dtype=th.bfloat16)
        def forward(x):
            with th.autocast(
                "hpu", dtype=th.bfloat16, enabled=flag,  # off for debugging
            ), no_grad():
                y = x
            with cast('hpu', dtype=th.bfloat16):
                return y

        make = th.cuda.amp.autocast
        with th.autocast("hpu", dtype=th.bfloat16, enabled=flag):
            pass
        """,
        RULE,
    )


def test_torch_is_imported_where_it_is_not(check_transformed):
    check_transformed(
        "from torch.cuda.amp import autocast\nwith autocast():\n    pass\n",
        "from torch.cuda.amp import autocast\nimport torch\n"
        'with torch.autocast("hpu", dtype=torch.bfloat16):\n    pass\n',
        RULE,
    )


def test_custom_forward_and_backward(check_transformed):
    check_transformed(
        """\
        import torch
        from torch.cuda.amp import custom_fwd, custom_bwd

        class Scale(torch.autograd.Function):
            @staticmethod
            @custom_fwd(cast_inputs=torch.float16)
            def forward(ctx, x):
                return x

            @staticmethod
            @custom_bwd
            def backward(ctx, g):
                return g

        forward = custom_fwd(apply)
        """,
        """\
        import torch
        from torch.cuda.amp import custom_fwd, custom_bwd

        class Scale(torch.autograd.Function):
            @staticmethod
            @torch.amp.custom_fwd(device_type="hpu", cast_inputs=torch.bfloat16)
            def forward(ctx, x):
                return x

            @staticmethod
            @torch.amp.custom_bwd(device_type="hpu")
            def backward(ctx, g):
                return g

        forward = torch.amp.custom_fwd(apply, device_type="hpu")
        """,
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        'import torch\nwith torch.autocast("cpu", dtype=torch.float16):\n    pass\n',
        'import torch\nwith torch.autocast("hpu", dtype=torch.bfloat16):\n    pass\n',
        "def autocast():\n    pass\nautocast()\n",
        'print("torch.cuda.amp.autocast()")  # autocast\n',
        "import torch\ndef f(torch):\n    return torch.cuda.amp.autocast()\n",
        "import contextlib, torch\ncast = contextlib.nullcontext\ncast = torch.cuda.amp.autocast\ncast()\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE)


def test_old_torch_has_no_custom_forward_of_other_devices(check_noop):
    check_noop("import torch\nf = torch.cuda.amp.custom_fwd(g)\n", RULE, release="1.17")


def test_before_autocast_nothing_is_known(check_noop):
    check_noop("import torch\nwith torch.cuda.amp.autocast():\n    pass\n", RULE, release="1.7")
