from __future__ import annotations

import pytest

RULE = "apex-amp"
HEAD = "import torch\nfrom apex import amp\n\n\n"
WRAPPER = '''\
def bf16_forward(self, *args, **kwargs):
    """Run the module's forward under bfloat16 autocast; return its bfloat16 outputs as float32, for the loss."""
    with torch.autocast("hpu", dtype=torch.bfloat16):
        outputs = type(self).forward(self, *args, **kwargs)
    return tree_map(lambda x: x.float() if torch.is_tensor(x) and x.dtype == torch.bfloat16 else x, outputs)


'''
IMPORTS = "import torch\nfrom torch.utils._pytree import tree_map\nfrom types import MethodType\nfrom apex import amp\n"
WRAPPED_HEAD = f"{IMPORTS}\n\n{WRAPPER}"
WRAP = "model.forward = MethodType(bf16_forward, model)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('model, optimizer = amp.initialize(model, optimizer, opt_level="O1")', WRAP),
        ("model, optimizer = amp.initialize(model, optimizer)", WRAP),
        ('model = amp.initialize(model, opt_level="O2")', WRAP),
        ('amp.initialize(models=model, opt_level="O1")  # mixed', f"{WRAP}  # mixed"),
        (
            'model, optimizer = amp.initialize(model, optimizer, enabled=args.fp16, opt_level="O1")',
            f"{WRAP} if args.fp16 else model.forward",
        ),
        (
            "model, optimizer = amp.initialize(model, optimizer, opt_level=args.opt_level)",
            'model = model.to(torch.bfloat16) if args.opt_level == "O3" else model\n'
            f'{WRAP} if args.opt_level != "O0" else model.forward',
        ),
        (
            "model, optimizer = amp.initialize(model, optimizer, on, opt_level='O' + level)",
            "model = model.to(torch.bfloat16) if on and ('O' + level) == \"O3\" else model\n"
            f"{WRAP} if on and ('O' + level) != \"O0\" else model.forward",
        ),
        ('model, _ = amp.initialize(model, [], opt_level="O3")', f"model = model.to(torch.bfloat16)\n{WRAP}"),
        (
            'amp.initialize(model, enabled=on, opt_level="O3")',
            f"model = model.to(torch.bfloat16) if on else model\n{WRAP} if on else model.forward",
        ),
        ("model = amp.initialize(model, opt_level=pick())", f'{WRAP} if pick() != "O0" else model.forward'),
        ("model = amp.initialize(model, cast_model_outputs=None)", WRAP),
        ("model = amp.initialize(model, cast_model_outputs=torch.float32)", WRAP),
        ("model = amp.initialize(model, cast_model_outputs=torch.half)", WRAP),
        (
            "net, opt = amp.initialize(self.model, self.optimizer._optimizer)",
            "net, opt = self.model, self.optimizer._optimizer\nnet.forward = MethodType(bf16_forward, net)",
        ),
        (
            "(m.top, m.mlp), opt = amp.initialize([m.top, m.mlp], opt)",
            "m.top.forward = MethodType(bf16_forward, m.top)\nm.mlp.forward = MethodType(bf16_forward, m.mlp)",
        ),
        ("model, [a, b] = amp.initialize(model, [a, b], num_losses=2)", WRAP),
        ("model = amp.initialize(Net().cuda())", f"model = Net().cuda()\n{WRAP}"),
        (
            "both = amp.initialize(model, optimizers=optimizer)",
            f"{WRAP}\nboth = model if optimizer is None else (model, optimizer)",
        ),
        ("if fp16: model = amp.initialize(model); ready()", f"if fp16: {WRAP}; ready()"),
        (
            'model, optimizer = amp.initialize(  # level\n    model, optimizer,\n    opt_level="O2",  # half\n)',
            f"# level\n# half\n{WRAP}",
        ),
    ],
)
def test_initialize(check_transformed, before, after):
    check_transformed(f"{HEAD}{before}\n", f"{WRAPPED_HEAD}{after}\n", RULE)


def test_initialize_with_outputs_of_a_type_of_its_own(check_transformed):
    check_transformed(
        f"{HEAD}model, optimizer = amp.initialize(model, optimizer, 'O2' != x, cast_model_outputs=torch.bfloat16)\n",
        f"{HEAD}model.forward = torch.autocast(\"hpu\", dtype=torch.bfloat16, enabled='O2' != x)(model.forward)\n",
        RULE,
    )


@pytest.mark.parametrize(
    "call", ['amp.initialize(model, optimizer, opt_level="O0")', "amp.initialize(model, optimizer, enabled=False)"]
)
def test_float32_needs_nothing(check_transformed, call):
    check_transformed(f"{HEAD}if args.fp16:\n    model, optimizer = {call}\nrun()\n", f"{HEAD}run()\n", RULE)


def test_wrapper_stands_before_the_function_and_its_comment(check_transformed):
    body = """\
# sets everything up
@once
def main():
    {}
    return model, optimizer
"""
    check_transformed(
        HEAD + body.format("model, optimizer = amp.initialize(model, optimizer, opt_level='O1')"),
        WRAPPED_HEAD + body.format(WRAP),
        RULE,
    )


def test_result_that_is_returned(check_transformed):
    code = "def prepare(model, optimizer):\n    optimizer = make()\n    {}\n"
    check_transformed(
        HEAD + code.format("return amp.initialize(model, optimizer)"),
        WRAPPED_HEAD + code.format(f"{WRAP}\n    return model if optimizer is None else (model, optimizer)"),
        RULE,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "use(amp.initialize(model))",
        "model = amp.initialize(model, cast_model_outputs=args.dtype)",
        "model, optimizer = amp.initialize(model, optimizer, **options)",
        "models = [a, b]\nmodels, optimizer = amp.initialize(models, optimizer)",
        'model = amp.initialize(model, opt_level="O4")',
        "handle = amp.init(enabled=True)",
        "amp._amp_state.loss_scalers[0]._loss_scale = 1",
        "other.initialize(model)",
    ],
)
def test_forms_that_are_not_known_stay(check_noop, statement):
    check_noop(f"{HEAD}{statement}\n", RULE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "with amp.scale_loss(loss, optimizer) as scaled_loss:\n    scaled_loss.backward()\n",
            "loss.backward()\n",
        ),
        (
            "with amp.scale_loss(self.loss, opt, delay_unscale=not last) as s:\n    s.backward(create_graph=g)\n",
            "self.loss.backward(create_graph=g)\n",
        ),
        ("with amp.scale_loss(a + b, opt) as s:\n    s.backward()\n", "(a + b).backward()\n"),
        ("with amp.scale_loss(f(x), opt) as s: s.backward()\n", "f(x).backward()\n"),
        (
            "with amp.scale_loss(f(x), opt) as s:\n    s.backward()\n    print(s)\n",
            "s = f(x)\ns.backward()\nprint(s)\n",
        ),
        ("with amp.scale_loss(loss, opt) as s:\n    s.backward()\nprint(s)\n", "s = loss\ns.backward()\nprint(s)\n"),
        (
            "with amp.scale_loss(loss, opt) as s:\n    loss = loss.item()\n    s.backward()\n",
            "s = loss\nloss = loss.item()\ns.backward()\n",
        ),
        (
            "with amp.scale_loss(f(x), opt) as s:\n    for p in q:\n        s.backward()\n",
            "s = f(x)\nfor p in q:\n    s.backward()\n",
        ),
        (
            "with amp.scale_loss(a +\n        b, opt) as s:\n    s.backward()\n",
            "s = (a +\n        b)\ns.backward()\n",
        ),
        (
            "with no_sync(), amp.scale_loss(loss, opt) as s:\n    s.backward()\n",
            "with no_sync():\n    loss.backward()\n",
        ),
        ("with amp.scale_loss(loss, opt) as self.s:\n    go()\n", "self.s = loss\ngo()\n"),
        ("with amp.scale_loss(loss, opt):\n    go()\n", "go()\n"),
        (
            "with amp.scale_loss(a, o) as s:\n    s.backward()\nwith amp.scale_loss(b, o) as s:\n    s.backward()\n",
            "a.backward()\nb.backward()\n",
        ),
    ],
)
def test_scale_loss(check_transformed, before, after):
    check_transformed(HEAD + before, HEAD + after, RULE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "clip(amp.master_params(optimizer), 1.0)",
            'clip((p for group in optimizer.param_groups for p in group["params"]), 1.0)',
        ),
        (
            "saved = list(amp.master_params(self.opt.opt))",
            'saved = list(p for group in self.opt.opt.param_groups for p in group["params"])',
        ),
        (
            "for p in amp.master_params(a or b): f(p)",
            'for p in (p for group in (a or b).param_groups for p in group["params"]): f(p)',
        ),
        ('state["amp"] = amp.state_dict()', 'state["amp"] = {}'),
        ('if args.fp16 and "amp" in state:\n    amp.load_state_dict(state["amp"])\nx = 1', "x = 1"),
        ("with amp.disable_casts():\n    f()", 'with torch.autocast("hpu", enabled=False):\n    f()'),
        ("@amp.float_function\ndef f(x):\n    return x", "def f(x):\n    return x"),
        (
            "class F:\n    @staticmethod\n    @amp.half_function\n    def f(x): pass",
            "class F:\n    @staticmethod\n    def f(x): pass",
        ),
        ("nms = amp.float_function(_C.nms)", "nms = _C.nms"),
    ],
)
def test_other_functions(check_transformed, before, after):
    check_transformed(f"{HEAD}{before}\n", f"{HEAD}{after}\n", RULE)


def test_another_amp_stays(check_noop):
    check_noop("from mine import amp  # like apex\nwith amp.scale_loss(loss, opt) as s:\n    s.backward()\n", RULE)
