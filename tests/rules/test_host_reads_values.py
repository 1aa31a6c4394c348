from __future__ import annotations

import functools
import operator
import random
import textwrap

RULE = "host-reads"
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


class Scalar:
    """A tensor of one number, as far as the rewritten code uses one."""

    def __init__(self, number: float) -> None:
        self.number = number

    def detach(self) -> Scalar:
        return self

    def backward(self) -> None:
        """Nothing to do: what counts is what is added up."""

    def item(self) -> float:
        return self.number


class Stacked:
    """What `torch.stack` gives."""

    def __init__(self, scalars: list[Scalar]) -> None:
        self.numbers = [scalar.number for scalar in scalars]

    def flatten(self) -> Stacked:
        return self

    def tolist(self) -> list[float]:
        return self.numbers


def test_what_is_logged_is_the_same_to_the_last_bit(run):
    code = """\
    def train(criterion, numbers):
        logged = []
        total, losses, last = 0.0, [], None
        for epoch in range(3):
            for step, number in enumerate(numbers):
                loss = criterion(number)
                loss.backward()
                total += loss.item() / 3
                losses.append(loss.item())
                last = loss.item()
                if step % 7 == 6:
                    logged.append((total, len(losses), last))
                    total = 0
            logged.append((total, last))
        return logged, total, losses
    """
    numbers = [random.Random(step).gauss(0, 1e3) for step in range(40)]
    stack = type("torch", (), {"stack": staticmethod(Stacked)})
    rewritten = run("import torch\n" + textwrap.dedent(code), RULE).data.decode()
    assert ".item()" not in rewritten
    results = []
    for text in (textwrap.dedent(code), rewritten.replace("import torch\n", "", 1)):
        space: dict[str, object] = {"torch": stack}
        exec(text, space)
        train = space["train"]
        assert callable(train)
        results.append(train(Scalar, numbers))
    assert results[0] == results[1]
    assert results[0][2] == numbers * 3
    assert functools.reduce(operator.add, (n / 3 for n in numbers[-5:]), 0) == results[0][1]


def test_what_is_written_to_later_is_copied(run):
    for line in ("loss /= 2", "loss.mul_(2)", "torch.distributed.all_reduce(loss)", "reduce(loss)", "loss.data[0] = 1"):
        code = CODE.replace("        if step", f"        {line}\n        if step")
        assert "append(loss.detach().clone())" in run(code, RULE).data.decode()
    graphs = CODE.replace("    total = 0.0", "    torch.cuda.make_graphed_callables(model)\n    total = 0.0")
    assert "append(loss.detach().clone())" in run(graphs, RULE).data.decode()  # fmt: skip
    for line in ("print(loss)", "torch.isnan(loss)", "loss = loss / 2"):
        code = CODE.replace("        if step", f"        {line}\n        if step")
        assert "append(loss.detach())" in run(code, RULE).data.decode()


def test_with_step_marks_and_with_no_sync(run):
    code = """\
    import torch
    from torch.nn.parallel import DistributedDataParallel as DDP
    def train(args, data, optimizer, criterion, net, log):
        model = DDP(net)
        total = 0.0
        for step, (x, y) in enumerate(data):
            loss = criterion(model(x), y)
            loss.backward()
            total += loss.item()
            if (step + 1) % args.steps == 0:
                optimizer.step()
                optimizer.zero_grad()
            if (step + 1) % args.log == 0:
                log(total)
    """
    names = (RULE, "step-mark", "ddp-no-sync", "zero-grad-none")
    together = run(code, *names).data.decode()
    assert "pending_total.append(loss.detach())" in together
    assert together.count("mark_step()") == 2
    assert "no_sync()" in together
    assert run(together, *names).data.decode() == together
