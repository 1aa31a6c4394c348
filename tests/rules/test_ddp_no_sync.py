from __future__ import annotations

import pytest

RULE = "ddp-no-sync"
HEAD = """\
import torch
from torch.nn.parallel import DistributedDataParallel as DDP

def main(args, loader):
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters())
    if args.local_rank != -1:
        model = DDP(model)
"""
LOOP = """\
    for step, (x, y) in enumerate(loader):
        x = x.to("hpu")
        # forward
        out = model(x)
        loss = criterion(
            out, y,
        )  # mean

        if args.accumulation > 1:
            loss = loss / args.accumulation
        loss.backward()
        total += loss.item()
        if (step + 1) % args.accumulation == 0:
            optimizer.step()
            optimizer.zero_grad()
"""
AFTER = """\
    for step, (x, y) in enumerate(loader):
        x = x.to("hpu")
        # forward
        sync_gradients = (step + 1) % args.accumulation == 0 or not hasattr(model, "no_sync")
        with contextlib.nullcontext() if sync_gradients else model.no_sync():
            out = model(x)
            loss = criterion(
                out, y,
            )  # mean

            if args.accumulation > 1:
                loss = loss / args.accumulation
            loss.backward()
        total += loss.item()
        if (step + 1) % args.accumulation == 0:
            optimizer.step()
            optimizer.zero_grad()
"""


def imported(head: str) -> str:
    return head.replace("import torch\n", "import torch\nimport contextlib\n", 1)


@pytest.mark.parametrize("mode", ["lazy", "eager", "compile"])
def test_micro_batches_before_the_last_do_not_synchronise(check_transformed, mode):
    check_transformed(HEAD + LOOP, imported(HEAD) + AFTER, RULE, mode=mode)


@pytest.mark.parametrize(("old", "new"), [("\n", "\r\n"), ("    ", "\t")])
def test_line_ends_and_tabs(run, old, new):
    before, after = ((text).replace(old, new) for text in (HEAD + LOOP, imported(HEAD) + AFTER))
    assert run(before, RULE).data.decode() == after
    assert run(after, RULE).data.decode() == after


def test_the_step_mark_goes_with_the_backward_pass(run):
    mark = "loss.backward()\n        htcore.mark_step()\n"
    code = "import habana_frameworks.torch.core as htcore\n" + HEAD + LOOP.replace("loss.backward()\n", mark)
    after = run(code, RULE).data.decode()
    assert "            loss.backward()\n            htcore.mark_step()\n        total" in after
    assert run(after, RULE, "step-mark").data.decode().count("mark_step()\n        total") == 1


def test_step_marks_are_set_once_together_with_the_rule(run):
    one, other = (run(HEAD + LOOP, *rules) for rules in ((RULE, "step-mark"), ("step-mark", RULE)))
    assert one.data == other.data
    assert one.data.count(b"mark_step()") == 2


@pytest.mark.parametrize(
    "statement", ["import contextlib", "import contextlib as c", "from contextlib import nullcontext as c"]
)
def test_imports_that_are_there(run, statement):
    name = {"import contextlib": "contextlib.nullcontext", "import contextlib as c": "c.nullcontext"}.get(
        statement, "c"
    )
    after = run(f"{statement}\n" + HEAD + LOOP, RULE).data.decode()
    assert f"with {name}() if sync_gradients" in after
    assert after.count("contextlib") == after.count(statement) + (name == "contextlib.nullcontext")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(step + 1) % args.accumulation == 0", "(step + 1) % args.accumulation == 0 or step + 1 == len(loader)"),
        (
            "        loss.backward()",
            "        if args.fp16:\n            loss.backward()\n        else:\n            loss.backward()",
        ),
        ("            optimizer.step()", "            take(optimizer)"),
        ("total += loss.item()", "torch.save({'p': [p for g in optimizer.param_groups for p in g['params']]}, 'f')"),
        ("total += loss.item()", "save = model.module if hasattr(model, 'module') else model"),
        ("total += loss.item()", "report(model)"),
    ],
)
def test_other_forms(run, old, new):
    code = (
        HEAD.replace("\ndef main", "\ndef take(o):\n    o.step()\n\ndef report(m):\n    print(m)\n\ndef main", 1) + LOOP
    )
    result = run(code.replace(old, new), RULE)
    assert "with contextlib.nullcontext() if sync_gradients" in result.data.decode()
    assert not result.findings


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("total += loss.item()", "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)", "use gradients"),
        (
            "total += loss.item()",
            "clipper.step(p for g in optimizer.param_groups for p in g['params'])",
            "use gradients",
        ),
        ("total += loss.item()", "norm = first.weight.grad.norm()", "use gradients"),
        ("total += loss.item()", "watch(model)", "use gradients"),
        ("total += loss.item()", "look(model)", "use gradients"),
        ('x = x.to("hpu")', "optimizer.zero_grad()", "use gradients"),
        ("total += loss.item()", "step = step + 1", "step changes"),
        ("total += loss.item()", "args.accumulation = 4", "args.accumulation changes"),
        ("total += loss.item()", "optimizer.step()", "steps elsewhere"),
        ("(step + 1) % args.accumulation == 0", "(step + 1) % accumulation() == 0", "calls something"),
        ("(step + 1) % args.accumulation == 0", "(n := step + 1) % args.accumulation == 0", "calls something"),
        ("DDP(model)", "DDP(model, find_unused_parameters=True)", "does not use"),
        ("total += loss.item()", "sync_gradients = 1", "name of something else"),
        ("out = model(x)", "out = forward(model, x)", "were not found in the block"),
        ("        loss.backward()", "        backward(loss)", "were not found in the block"),
    ],
)
def test_what_cannot_be_proved_is_a_finding(run, old, new, why):
    code = HEAD.replace("\ndef main", "\ndef look(m):\n    return m.w.grad\n\ndef main", 1) + LOOP
    code = code.replace(old, new)
    result = run(code, RULE)
    assert result.data.decode() == code
    assert [why in f"{each.message} {each.advice}" for each in result.findings] == [True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if (step + 1) % args.accumulation == 0:", "if args.trains:"),
        ("DDP(model)", "Other(model)"),
        ("            optimizer.step()", "            print('optimizer.step()')"),
        ('x = x.to("hpu")', "model.require_backward_grad_sync = step % 2 == 1"),
        ("        loss.backward()", "        with guard(model.no_sync):\n            loss.backward()"),
    ],
)
def test_loops_that_it_does_not_concern(run, old, new):
    code = (HEAD + LOOP).replace(old, new)
    result = run(code, RULE)
    assert result.data.decode() == code
    assert not result.findings
