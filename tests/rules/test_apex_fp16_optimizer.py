from __future__ import annotations

import pytest

RULE = "apex-fp16-optimizer"
HEAD = "import torch\nfrom apex.contrib.optimizers import FP16_Optimizer\n\n\n"
OWN = "optimizer = FP16_Optimizer(optimizer, dynamic_loss_scale=True)\n"
FORWARD = '''\
def bf16_forward(self, *args, **kwargs):
    """Run the module's forward under bfloat16 autocast; return its bfloat16 outputs as float32, for the loss."""
    with torch.autocast("hpu", dtype=torch.bfloat16):
        outputs = type(self).forward(self, *args, **kwargs)
    return tree_map(lambda x: x.float() if torch.is_tensor(x) and x.dtype == torch.bfloat16 else x, outputs)


'''
WITH_FORWARD = HEAD.replace(
    "import torch\n", "import torch\nfrom torch.utils._pytree import tree_map\nfrom types import MethodType\n"
)
PARAMS = '[p for group in optimizer.param_groups for p in group["params"]]'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{OWN}optimizer.backward(loss)\n", "loss.backward()\n"),
        (
            "if args.loss_scale == 0:\n    optimizer = FP16_Optimizer(optimizer, dynamic_loss_scale=True)\n"
            "else:\n    optimizer = FP16_Optimizer(optimizer, static_loss_scale=args.loss_scale)\n"
            "for x in data:\n    optimizer.backward(f(x) / n)\n",
            "for x in data:\n    (f(x) / n).backward()\n",
        ),
        (
            "self.opt = FP16_Optimizer(torch.optim.SGD(p, lr=1), 128.0, verbose=False)\n"
            "self.opt.backward(loss, update_master_grads=False, retain_graph=True)\nself.opt.update_master_grads()\n",
            "self.opt = torch.optim.SGD(p, lr=1)\nloss.backward(retain_graph=True)\n",
        ),
        (
            "other = FP16_Optimizer(init_optimizer=optimizer, verbose=False)\nother.backward(loss, True, True)\n",
            "other = optimizer\nloss.backward(retain_graph=True)\n",
        ),
        (
            f"{OWN}norm = optimizer.clip_master_grads(args.clip, norm_type=2)\n",
            f"norm = torch.nn.utils.clip_grad_norm_({PARAMS}, args.clip, norm_type=2)\n",
        ),
        (
            f"{OWN}log(optimizer.loss_scale, optimizer.overflow, optimizer.optimizer.param_groups)\n",
            "log(1.0, False, optimizer.param_groups)\n",
        ),
        (f"{OWN}optimizer.loss_scale = 2.0\noptimizer.step()\n", "optimizer.step()\n"),
        (f"{OWN}optimizer.zero_grad(set_grads_to_None=True)\n", "optimizer.zero_grad(set_to_none=True)\n"),
        (
            "if isinstance(opt, FP16_Optimizer):\n    opt.backward(loss)\nelse:\n    loss.backward()\n",
            "loss.backward()\n",
        ),
        ("scaled = isinstance(opt, FP16_Optimizer)\n", "scaled = False\n"),
        ("if isinstance(opt, FP16_Optimizer) or args.x:\n    f()\n", "if False or args.x:\n    f()\n"),
    ],
)
def test_uses(check_transformed, before, after):
    check_transformed(HEAD + before, HEAD + after, RULE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if args.fp16:\n    model.half()\n", "if args.fp16:\n    model.forward = MethodType(bf16_forward, model)\n"),
        (
            "model = model.half()  # short\nmodel.train()\n",
            "model.forward = MethodType(bf16_forward, model)  # short\nmodel.train()\n",
        ),
    ],
)
def test_models(check_transformed, before, after):
    check_transformed(HEAD + before + OWN, WITH_FORWARD + FORWARD + after, RULE)


def test_network_to_half(check_transformed):
    head = "import torch\nimport apex.fp16_utils as fp\n\n\n"
    new = head.replace(
        "import torch\n", "import torch\nfrom torch.utils._pytree import tree_map\nfrom types import MethodType\n"
    )
    check_transformed(
        f"{head}net = fp.network_to_half(net)\nopt = fp.FP16_Optimizer(opt)\n",
        f"{new}{FORWARD}net.forward = MethodType(bf16_forward, net)\n",
        RULE,
    )


def test_a_batch_is_no_model(check_transformed):
    code = "batch = batch.half()\n"
    check_transformed(HEAD + OWN + code, HEAD + code, RULE)


def test_crlf_and_tabs(run):
    before = f"{HEAD}def f(optimizer, loss):\n\tif x:\n\t\t{OWN}\t# go\n\toptimizer.backward(loss)\n".replace(
        "\n", "\r\n"
    )
    after = f"{HEAD}def f(optimizer, loss):\n\t# go\n\tloss.backward()\n".replace("\n", "\r\n")
    assert run(before, RULE).data.decode() == after


@pytest.mark.parametrize(
    "code",
    [
        "optimizer = FP16_Optimizer(*arguments)\noptimizer.backward(loss)\n",
        "optimizer = FP16_Optimizer(optimizer, static_loss_scale=ask())\n",
        f"{OWN}optimizer.loss_scale = ask()\n",
    ],
)
def test_what_is_not_understood_stays_with_a_finding(run, code):
    result = run(HEAD + code, RULE)
    assert result.data.decode() == HEAD + code
    assert len(result.findings) == 1


@pytest.mark.parametrize(
    "code",
    [
        "from mine import FP16_Optimizer\no = FP16_Optimizer(optimizer)\no.backward(loss)\nmodel.half()\n",
        "from apex.fp16_utils import FP16_Optimizer\ntext = 'FP16_Optimizer(x)'  # FP16_Optimizer(x)\n",
        "from apex.fp16_utils import FP16_Optimizer\ndef f(FP16_Optimizer): return FP16_Optimizer(1)\n",
        "from apex.fp16_utils import FP16_Optimizer\nengine.backward(loss)\nmodel.half()\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE)


def test_releases_with_another_mixed_precision(check_noop):
    check_noop(HEAD + OWN, RULE, release="1.7")
