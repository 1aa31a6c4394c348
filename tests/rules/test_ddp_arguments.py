from __future__ import annotations

import pytest

RULE = "ddp-arguments"
IMPORT = "from torch.nn.parallel import DistributedDataParallel as DDP\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("DDP(model, device_ids=[rank], output_device=rank)", "DDP(model)"),
        ("DDP(model, [rank], rank)", "DDP(model)"),
        ("DDP(model, device_ids=[rank] if gpu else None)", "DDP(model)"),
        ("DDP(device_ids=[0], module=model)", "DDP(module=model)"),
        (
            "DDP(model, device_ids=[0], broadcast_buffers=False, output_device=0)",
            "DDP(model, broadcast_buffers=False)",
        ),
        (
            "DDP(\n    model,\n    device_ids=[0],\n    output_device=0,\n    find_unused_parameters=True,\n)",
            "DDP(\n    model,\n    find_unused_parameters=True,\n)",
        ),
        ("DDP(\n    model,\n    device_ids=[0],\n    output_device=0,\n)", "DDP(\n    model,\n)"),
        ("DDP(model,  # net\n    device_ids=[0])", "DDP(model,  # net\n    )"),
        ("DDP(model,\n    device_ids=[0], b=1)", "DDP(model,\n    b=1)"),
        (
            "DDP(\n    model, device_ids=[0], output_device=0,\n    # until then\n    b=1,\n)",
            "DDP(\n    model,\n    # until then\n    b=1,\n)",
        ),
    ],
)
def test_arguments(check_transformed, before, after):
    check_transformed(f"{IMPORT}model = {before}\n", f"{IMPORT}model = {after}\n", RULE)


def test_full_name(check_transformed):
    check_transformed(
        "import torch\nm = torch.nn.parallel.DistributedDataParallel(m, device_ids=[0])\n",
        "import torch\nm = torch.nn.parallel.DistributedDataParallel(m)\n",
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        f"{IMPORT}model = DDP(model, find_unused_parameters=True)\n",
        "from mine import DistributedDataParallel as DDP\nmodel = DDP(model, device_ids=[0])\n",
        f"{IMPORT}class Mine(DDP):\n    pass\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE)


def test_too_many_positional_arguments_are_reported(run):
    result = run(f"{IMPORT}model = DDP(model, [0], 0, 1)\n", RULE)
    assert [finding.line for finding in result.findings] == [2]
    assert not result.rounds
