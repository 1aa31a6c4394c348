from __future__ import annotations

import pytest

RULE = "apex-ddp"
APEX = "from apex.parallel import DistributedDataParallel as DDP"
TORCH = "from torch.nn.parallel import DistributedDataParallel as DDP"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{APEX}  # apex\nm = DDP(m)\n", f"{TORCH}  # apex\nm = DDP(m)\n"),
        (f"{APEX}\nm = DDP(m, delay_allreduce=True)\n", f"{TORCH}\nm = DDP(m)\n"),
        (f"{APEX}\nm = DDP(m, 250000000, True)\n", f"{TORCH}\nm = DDP(m)\n"),
        (
            f"{APEX}\nm = DDP(m, message_size=10, gradient_predivide_factor=size())\nisinstance(m, DDP)\n",
            f"{TORCH}\nm = DDP(m)\nisinstance(m, DDP)\n",
        ),
        (
            "from apex.parallel import DistributedDataParallel\nm = DistributedDataParallel(m)\n",
            "from torch.nn.parallel import DistributedDataParallel\nm = DistributedDataParallel(m)\n",
        ),
        (
            "import apex, torch\nm = apex.parallel.DistributedDataParallel(m)\n",
            "import apex, torch\nm = torch.nn.parallel.DistributedDataParallel(m)\n",
        ),
        (
            "import torch as th\nfrom apex import amp, parallel\nm = parallel.DistributedDataParallel(m)\n",
            "import torch as th\nfrom apex import amp, parallel\nm = th.nn.parallel.DistributedDataParallel(m)\n",
        ),
        (
            "import torch\nfrom apex.parallel import convert_syncbn_model\n"
            "m = convert_syncbn_model(m, channel_last=True)\n",
            "import torch\nfrom apex.parallel import convert_syncbn_model\n"
            "m = torch.nn.SyncBatchNorm.convert_sync_batchnorm(m)\n",
        ),
        (
            f"import torch\nif True:\n    {APEX}\n    m = DDP(m)\n",
            f"import torch\nif True:\n    {APEX}\n    m = torch.nn.parallel.DistributedDataParallel(m)\n",
        ),
    ],
)
def test_forms(check_transformed, before, after):
    check_transformed(before, after, RULE)


def test_attempt_with_an_alternative(check_transformed):
    check_transformed(
        f"""\
        import torch
        try:
            {APEX}
        except ImportError:
            {TORCH}
        m = DDP(m, delay_allreduce=True)
        """,
        f"""\
        import torch
        {TORCH}
        m = DDP(m)
        """,
        RULE,
    )


def test_attempt_that_needs_more_than_the_class_changes_at_the_uses(check_transformed):
    code = """\
        import torch
        try:
            from apex import amp
            from apex.parallel import DistributedDataParallel as DDP
        except ImportError:
            raise ImportError("install apex")
        amp.initialize(m)
        m = {}(m)
        """
    check_transformed(code.format("DDP"), code.format("torch.nn.parallel.DistributedDataParallel"), RULE)


def test_sum_of_gradients_is_left(run):
    code = f"{APEX}\nm = DDP(m)\nn = DDP(n, gradient_average=False)\n"
    result = run(code, RULE)
    assert result.data.decode() == code
    assert [finding.line for finding in result.findings] == [3]


def test_others_stay(check_noop):
    check_noop(f"# apex\n{TORCH}\nm = DDP(m, device_ids=[0])\n", RULE)
