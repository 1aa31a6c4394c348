from __future__ import annotations

import pytest

RULE = "compile-model"
CODE = """\
import torch
from torch.nn.parallel import DistributedDataParallel as DDP
from net import Net, Loss

def main(args, loader):
    device = torch.device("hpu")
    model = Net()
    criterion = Loss().to(device)
    model.to(device){}
    optimizer = torch.optim.AdamW(model.parameters())
    if args.local_rank != -1:
        model = DDP(model)
    for x in loader:
        criterion(model(x)).backward()
        optimizer.step()
"""
CALL = '\n    model.compile(backend="hpu_backend")'


def test_the_training_model_is_compiled_on_the_device_and_before_ddp(check_transformed):
    check_transformed(CODE.format(""), CODE.format(CALL), RULE, mode="compile")


def test_windows_line_ends(run):
    before, after = (CODE.format(each).replace("\n", "\r\n") for each in ("", CALL))
    assert run(before, RULE, mode="compile").data.decode() == after


def test_the_backend_of_the_release(run):
    after = run(CODE.format(""), RULE, mode="compile", release="1.13").data.decode()
    assert 'model.compile(backend="aot_hpu_training_backend")' in after


@pytest.mark.parametrize("mode", ["lazy", "eager"])
def test_other_modes_stay(check_noop, mode):
    check_noop(CODE.format(""), RULE, mode=mode)


def test_a_torch_that_can_only_wrap_is_a_finding(run):
    result = run(CODE.format(""), RULE, mode="compile", release="1.12")
    assert result.data.decode() == CODE.format("")
    assert ["torch.compile(model" in each.advice for each in result.findings] == [True]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("model = Net().to('hpu')", "model = Net().to('hpu')\nmodel.compile(backend=\"hpu_backend\")"),
        ("model = Net.from_pretrained(n)\nmodel = model.to(device=dev)", 'model.compile(backend="hpu_backend")'),
        ("model = build(3)\nmodel.to('hpu')", 'model.compile(backend="hpu_backend")'),
    ],
)
def test_ways_to_build_and_move(run, before, after):
    rest = "\nopt = SGD(model.named_parameters())\nfor x in rows:\n    go(model, x)\n"
    head = "from net import Net\ndev = 'hpu'\ndef build(n):\n    return Net(n)\ndef go(m, x):\n    m(x).backward()\n"
    code = run(head + before + rest, RULE, mode="compile").data.decode()
    assert f"{after}\nopt" in code
    assert run(code, RULE, mode="compile").data.decode() == code


def test_a_model_that_is_built_again_for_an_evaluation(check_transformed):
    again = "    model = Net()\n    model.to(device)\n    model.eval()\n"
    check_transformed(CODE.format("") + again, CODE.format(CALL) + again, RULE, mode="compile")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("model.to(device)", "model.to(device) if args.gpu else model.to('hpu')"),
        (".backward()", ""),
        ("(model.parameters())", "(others)"),
        ("model.to(device)", "print('model.to(device)')  # model.to(device)"),
        ("    for x", "    infer = torch.compile(head)\n    for x"),
        ("    for x", "    head.compile()\n    for x"),
    ],
)
def test_what_is_no_training_model_or_compiled_already(run, old, new):
    code = CODE.format("").replace(old, new)
    result = run(code, RULE, mode="compile")
    assert result.data.decode() == code
    assert not result.findings


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("    optimizer =", "    model.to('hpu')\n    optimizer =", "several places"),
        ("    model.to(device)", "    model = DDP(model)\n    model.to(device)", "DDP wraps it before"),
        ("    model = Net()", "    model = Own()", "of its own"),
    ],
)
def test_what_is_left_is_a_finding(run, old, new, why):
    own = "\nclass Own(torch.nn.Module):\n    def compile(self):\n        pass\n\ndef main"
    code = CODE.format("").replace("\ndef main", own).replace(old, new, 1)
    result = run(code, RULE, mode="compile")
    assert result.data.decode() == code
    assert {why in each.message for each in result.findings} == {True}
