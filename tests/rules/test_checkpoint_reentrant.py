from __future__ import annotations

import pytest

RULE = "checkpoint-reentrant"
HEAD = "from torch.utils.checkpoint import checkpoint, checkpoint_sequential\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("checkpoint(layer, x, mask)", "checkpoint(layer, x, mask, use_reentrant=True)"),
        ("checkpoint(layer, *inputs)", "checkpoint(layer, *inputs, use_reentrant=True)"),
        (
            "checkpoint(layer, x, preserve_rng_state=False)",
            "checkpoint(layer, x, preserve_rng_state=False, use_reentrant=True)",
        ),
        ("checkpoint(\n    layer,\n    x,\n)", "checkpoint(\n    layer,\n    x,\n    use_reentrant=True,\n)"),
        ("checkpoint_sequential(net, 2, x)", "checkpoint_sequential(net, 2, x, use_reentrant=True)"),
    ],
)
def test_calls(check_transformed, before, after):
    check_transformed(f"{HEAD}y = {before}\n", f"{HEAD}y = {after}\n", RULE)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("import torch", "torch.utils.checkpoint.checkpoint"),
        ("import torch.utils.checkpoint as cp", "cp.checkpoint"),
        ("from torch.utils import checkpoint", "checkpoint.checkpoint"),
        ("from torch.utils.checkpoint import checkpoint as save_memory", "save_memory"),
        ("from torch.utils.checkpoint import checkpoint\nagain = checkpoint", "again"),
        ("import functools\nfrom torch.utils.checkpoint import checkpoint", "functools.partial"),
    ],
)
def test_names(check_transformed, head, name):
    first = "checkpoint" if "partial" in name else "layer"
    check_transformed(
        f"{head}\ny = {name}({first}, x)\n", f"{head}\ny = {name}({first}, x, use_reentrant=True)\n", RULE
    )


@pytest.mark.parametrize(
    "code",
    [
        "y = checkpoint(layer, x, use_reentrant=False)\n",
        "y = checkpoint(layer, x, use_reentrant=flag, **more)\n",
        "y = checkpoint_sequential(net, 2, x, False)\n",
        "def f(checkpoint):\n    return checkpoint(layer, x)\n",
        "# checkpoint(layer, x)\ntext = 'checkpoint(layer, x)'\n",
        "from mine import checkpoint as own\ny = own(layer, x)\n",
    ],
)
def test_others_stay(run, code):
    result = run(HEAD + code, RULE)
    assert result.data.decode() == HEAD + code
    assert not result.findings


@pytest.mark.parametrize(
    "code",
    [
        "y = checkpoint(layer, x, **options)\n",
        "block.forward = wrap(checkpoint, block)\n",
        "self.run = checkpoint\n",
        "try:\n    from fast import checkpoint\nexcept ImportError:\n    pass\ny = checkpoint(layer, x)\n",
    ],
)
def test_what_cannot_be_told_is_reported(run, code):
    result = run(HEAD + code, RULE)
    assert result.data.decode() == HEAD + code
    assert len(result.findings) == 1


@pytest.mark.parametrize(("release", "asks"), [("1.12", False), ("1.13", True), ("1.24", True)])
def test_releases(run, release, asks):
    result = run(f"{HEAD}y = checkpoint(layer, x)\n", RULE, release=release)
    assert (b"use_reentrant" in result.data) is asks


def test_crlf(check_transformed):
    check_transformed(
        f"{HEAD}y = checkpoint(\r\n\tlayer,\r\n\tx)\r\n",
        f"{HEAD}y = checkpoint(\r\n\tlayer,\r\n\tx,\r\n\tuse_reentrant=True)\r\n",
        RULE,
    )
