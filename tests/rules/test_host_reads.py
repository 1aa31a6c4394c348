from __future__ import annotations

import textwrap

import pytest

RULE = "host-reads"
READER = '''\
def read_pending(pending):
    """Read the numbers that wait on the device, in their order, up to 1024 in a copy; none are left waiting."""
    parts = [pending[at:at + 1024] for at in range(0, len(pending), 1024)]
    pending.clear()
    return [number for part in parts for number in torch.stack(part).flatten().tolist()]


'''
LOOP = """\
import torch

{reader}def train(model, criterion, data, optimizer, log):
    total = 0.0
{start}    for step, (x, y) in enumerate(data):
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        {add}
        if step % 10 == 0:
{read}            log(total)
"""
READ = "            for value in read_pending(pending_total):\n                {}\n"


def before(add: str) -> str:
    return LOOP.format(reader="", start="", add=add, read="")


def after(kept: str, again: str = "total += value") -> str:
    start = "    pending_total = []\n"
    return LOOP.format(reader=READER, start=start, add=kept, read=READ.format(again))


APPENDED = "pending_total.append(loss.detach())"


@pytest.mark.parametrize(
    ("add", "kept", "again"),
    [
        ("total += loss.item()", APPENDED, "total += value"),
        ("total += float(loss)", APPENDED, "total += float(value)"),
        ("total += loss.detach().cpu().item()", APPENDED, "total += value"),
        ("total = total + loss.data.item() / 2", APPENDED, "total = total + value / 2"),
        ("total += loss.mean().item() * log.n", "pending_total.append(loss.mean().detach())", "total += value * log.n"),
        ("total -= -loss.item()", APPENDED, "total -= -value"),
        ("total = loss.item()", "pending_total = [loss.detach()]", "total = value"),
        ("total += (model(x) == y).sum().item()", "pending_total.append((model(x) == y).sum())", "total += value"),
        ("total += model(x).eq(y).sum().item()", "pending_total.append(model(x).eq(y).sum())", "total += value"),
        (
            "total += torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item()",
            "pending_total.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).detach())",
            "total += value",
        ),
        ("total += (loss + 1).item()", "pending_total.append((loss + 1).detach())", "total += value"),
        ("total += loss[0].item()", "pending_total.append(loss[0].detach().clone())", "total += value"),
    ],
)  # fmt: skip
def test_numbers_wait_until_they_are_used(check_transformed, add, kept, again):
    check_transformed(before(add), after(kept, again), RULE)


@pytest.mark.parametrize("mode", ["lazy", "eager", "compile"])
def test_every_mode(check_transformed, mode):
    check_transformed(before("total += loss.item()"), after(APPENDED), RULE, mode=mode)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["    ", "\t", "  "])
def test_indentation_and_line_ends(run, newline, indent):
    def lay_out(code: str) -> str:
        head, body = code.split("def train", 1)
        return head.replace("\n", newline) + "def train" + body.replace("    ", indent).replace("\n", newline)

    assert run(lay_out(before("total += loss.item()")), RULE).data.decode() == lay_out(after(APPENDED))


def test_aliases(check_transformed):
    old, new = before("total += loss.item()"), after(APPENDED)
    alias = "import torch as t"
    check_transformed(
        old.replace("import torch", alias), new.replace("import torch", alias).replace("torch.stack", "t.stack"), RULE
    )


def test_a_list_and_a_use_behind_the_loops(check_transformed):
    code = """\
    import torch

    {reader}def train(model, loader, epochs):
        losses = []{start}
        for epoch in range(epochs):
            for x in loader:
                loss = model(x)
                loss.backward()
                {add}{read}
        return sum(losses) / len(losses)
    """
    old = textwrap.dedent(code).format(reader="", start="", add="losses.append(loss.item())", read="")
    reads = "\n    for value in read_pending(pending_losses):\n        losses.append(value)"
    start = "\n    pending_losses = []"
    kept = "pending_losses.append(loss.detach())"
    check_transformed(old, textwrap.dedent(code).format(reader=READER, start=start, add=kept, read=reads), RULE)


def test_a_sum_that_starts_anew_each_epoch_and_two_in_one_loop(check_transformed):
    code = """\
import torch

{reader}def train(model, loader, epochs, accuracy):
{start}    # the epochs
    for epoch in range(epochs):
        total, hits = 0.0, 0
        for x, y in loader:
            out = model(x)
            loss = accuracy(out, y)
            loss.backward()
            {add}
            {hit}
{read}        # after an epoch
        print(epoch, total, hits)
"""
    old = code.format(reader="", start="", add="total += loss.item()", hit="hits += (out == y).sum().item()", read="")
    new = code.format(
        reader=READER,
        start="    pending_total = []\n    pending_hits = []\n",
        add="pending_total.append(loss.detach())",
        hit="pending_hits.append((out == y).sum())",
        read="        for value in read_pending(pending_total):\n            total += value\n"
        "        for value in read_pending(pending_hits):\n            hits += value\n",
    )
    check_transformed(old, new, RULE)


def test_micro_batches_in_a_loop_of_their_own(check_transformed):
    code = """\
import torch

{reader}def train(model, loader, parts, optimizer):
    total, shown = 0.0, []
{start}    for step, x in enumerate(loader):
        for part in x.chunk(parts):
            loss = model(part)
            loss.backward()
            {add}
        optimizer.step()
        if step % 10 == 9:
{read}            shown.append(total / 10)
            total = 0.0
    return shown
"""
    old = code.format(reader="", start="", add="total += loss.item()", read="")
    start = "    pending_total = []\n"
    check_transformed(
        old, code.format(reader=READER, start=start, add=APPENDED, read=READ.format("total += value")), RULE
    )


def test_branches_at_intervals(check_transformed):
    code = """\
import torch

{reader}def train(model, loader, last, every, stop):
    total = 0
{start}    for step, x in enumerate(loader):
        loss = model(x)
        loss.backward()
        is_last = step == len(loader) - 1
        {add}
        if step >= last or stop.is_set():
            # the end
            {read1}print(total)
        elif not step % every or is_last:
            {read2}if every > 5:
                print(total)
            total = 0
        if step >= last or stop.is_set():
            return
"""
    head = "for value in read_pending(pending_total):\n                total += value\n            "
    old = code.format(reader="", start="", add="total += loss.item()", read1="", read2="")
    new = code.replace(
        "            # the end\n            {read1}", "            {read1}# the end\n            "
    ).format(reader=READER, start="    pending_total = []\n", add=APPENDED, read1=head, read2=head)
    check_transformed(old, new, RULE)


def test_a_shadowed_float_is_no_read(check_noop):
    check_noop(before("total += float(loss)").replace("criterion, data", "criterion, float, data"), RULE)


def test_the_reader_keeps_the_order_over_several_copies():
    torch = pytest.importorskip("torch")
    names = {"torch": torch}
    exec(READER, names)
    numbers = [float(n) for n in range(2500)]
    pending = [torch.tensor(n) for n in numbers]
    assert (names["read_pending"](pending), pending) == (numbers, [])
    assert names["read_pending"](pending) == []
