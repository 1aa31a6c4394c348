from __future__ import annotations

import textwrap

import pytest

RULE = "host-reads"
BESIDE = "what stands beside the read may change from step to step"
CODE = """\
import torch

def train(model, criterion, data, optimizer, log):
    total = 0.0
    for step, (x, y) in enumerate(data):
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
        if step % 10 == 0:
            log(total)
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("if step % 10 == 0:", "if True:", "total is used in every step"),
        ("if step % 10 == 0:", "if step % 10:", "total is used in every step"),
        ("if step % 10 == 0:", "if log or step % 10 == 0:", "total is used in every step"),
        ("if step % 10 == 0:", "if total % 10 == 0:", "total is used in every step"),
        ("if step % 10 == 0:", "if step % 10 == 0:\n            optimizer.step()", "total is used in every step"),
        ("    total = 0.0\n", "    global total\n    total = 0.0\n", "total is not a variable of this function alone"),
        ("            log(total)", "            log(lambda: total)", "another function uses total"),
        ("            log(total)", "            log()", "nothing reads total, so that nothing says when"),
        ("            log(total)", "            log(total := total + 1)", "total is bound in another way as well"),
        (
            "            log(total)\n",
            "            log(total)\n    else:\n        log(total)\n",
            "total is used in the test or the else of a loop",
        ),
        ("total += loss.item()", "total += loss.item() * step", BESIDE),
        ("total += loss.item()", "total += max(loss.item(), 9)", BESIDE),
        ("total += loss.item()", "total += loss.item(); total -= loss.item()", "total is added to in different ways"),
        ("    total = 0.0\n", "    total = log.total\n", "total may have another name as well"),
        ("    total = 0.0\n", "    total, read_pending = 0.0, 1\n", "read_pending is something else here"),
        ("    total = 0.0\n", "    total = pending_total = 0.0\n", "pending_total is something else here"),
    ],
)  # fmt: skip
def test_what_cannot_wait_is_a_finding(run, old, new, why):
    code = CODE.replace(old, new)
    assert old not in code or old in new
    result = run(code, RULE)
    assert result.data.decode() == code
    assert [finding.message for finding in result.findings] == [f"total waits for the device in every step: {why}"]


@pytest.mark.parametrize(
    ("use", "why"),
    [
        ("self.losses = losses", "losses may have another name as well"),
        ("plot(losses)", "losses may have another name as well"),
        ("shown = losses", "losses may have another name as well"),
    ],
)
def test_a_list_with_two_names_is_a_finding(run, use, why):
    code = f"def f(self, model, data):\n    losses = []\n    {use}\n    for x in data:\n        loss = model(x)\n"
    code += "        loss.backward()\n        losses.append(loss.item())\n    print(losses)\n"
    result = run(code, RULE)
    assert result.data.decode() == code
    assert [finding.message for finding in result.findings] == [f"losses waits for the device in every step: {why}"]


def test_an_exception_that_may_leave_the_loop(run):
    code = """\
    def f(model, data):
        total = 0.0
        try:
            for x in data:
                loss = model(x)
                loss.backward()
                total += loss.item()
        except KeyboardInterrupt:
            pass
        print(total)
    """
    (finding,) = run(code, RULE).findings
    assert finding.message.endswith("total is used where an exception of the loop may lead")


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("writer.add_scalar('loss', loss.item(), step)", 1),
        ("log.add(loss.item(), len(x))", 1),
        ("log.total += loss.item()", 1),
        ("bar.set_postfix(loss=float(loss), norm=norm.item())", 1),
        ("if torch.isnan(loss).item(): break", 1),
        ("torch.hpu.synchronize()", 1),
        ("torch.cuda.synchronize()", 1),
        ("losses.append(loss.cpu())", 1),
        ("show(loss)", 1),
        ("clipper.step(x)", 1),
        ("if step % 10 == 0: writer.add_scalar('loss', loss.item(), step)", 0),
        ("if step % 10 == 0: torch.hpu.synchronize()", 0),
        ("if step % 10 == 0: show(loss)", 0),
        ("lr.append(float(rate)); n = int(step)", 0),
        ("z = np.mean(x).item()", 0),
        ("print('loss.item()')  # loss.item()", 0),
    ],
)
def test_waits_that_are_left(run, line, count):
    code = f"""\
    import numpy as np
    import torch
    class Clipper:
        def step(self, x):
            return torch.norm(x).item()
    def show(value):
        print(value.item())
    def train(model, data, writer, log, bar, norm, rate, losses):
        clipper = Clipper()
        for step, x in enumerate(data):
            loss = model(x)
            loss.backward()
            {line}
    """
    result = run(code, RULE)
    assert result.data.decode() == textwrap.dedent(code)
    assert [finding.message[:40] for finding in result.findings] == ["the host waits for the device in every s"] * count
    assert all(finding.advice for finding in result.findings)


@pytest.mark.parametrize(
    "code",
    [
        "for x in data:\n    total += model(x).item()\nprint(total)\n",  # evaluation: the read ends the graph
        "def f(data, n, loss):\n    for i in data:\n        loss.backward()\n        n += float(i)\n    return n\n",
        "def f(data, n, loss):\n    for i in data:\n        loss.backward()\n        n += i.size(0)\n    return n\n",
        "text = 'total += loss.item(); loss.backward()'  # total += loss.item()\n",
    ],
)
def test_what_is_no_read_in_training_stays(run, code):
    result = run(code, RULE)
    assert result.data.decode() == code
    assert not result.findings
