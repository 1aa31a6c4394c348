from __future__ import annotations

import pytest

RULE = "set-device"
NOW = {"mode": "compile"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("torch.cuda.set_device(args.local_rank)", "torch.hpu.set_device(0)"),
        ("torch.cuda.set_device(device=rank % torch.cuda.device_count())", "torch.hpu.set_device(0)"),
        ("torch.cuda.set_device('cuda:1')", "torch.hpu.set_device(0)"),
    ],
)
def test_first_card(check_transformed, before, after):
    check_transformed(f"import torch\n{before}\n", f"import torch\n{after}\n", RULE, **NOW)


def test_imported_name_and_backend(check_transformed):
    check_transformed(
        "from torch.cuda import set_device\nset_device(rank)\n",
        "from torch.cuda import set_device\nimport torch\nimport habana_frameworks.torch.core as htcore\n"
        "torch.hpu.set_device(0)\n",
        RULE,
        release="1.15",
    )


def test_device_blocks(check_transformed):
    check_transformed(
        """\
        import torch
        with torch.cuda.device(rank):  # one a process
            a()
            with torch.no_grad(), torch.cuda.device_of(x):
                b()
        """,
        """\
        import torch
        # one a process
        a()
        with torch.no_grad():
            b()
        """,
        RULE,
        **NOW,
    )


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nf = torch.cuda.set_device\n",
        "import torch\nguard = torch.cuda.device(1)\n",
        "import torch\ntorch.hpu.set_device(0)\n",
        "engine.set_device(1)\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE, **NOW)
