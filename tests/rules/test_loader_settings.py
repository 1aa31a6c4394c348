from __future__ import annotations

import pytest

RULE = "loader-settings"
CODE = """
from torch.utils.data import DataLoader
loader = DataLoader({})
for x, y in loader:
    x = x.to("hpu")
    loss.backward()
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("data", "data, pin_memory=True"),
        ("data, batch_size=4, num_workers=2", "data, batch_size=4, num_workers=2, pin_memory=True"),
        (
            "\n    data,\n    # rows\n    batch_size=4,\n",
            "\n    data,\n    # rows\n    batch_size=4,\n    pin_memory=True,\n",
        ),
    ],
)
def test_batches_that_are_copied_to_the_device_are_pinned(check_transformed, before, after):
    check_transformed(CODE.format(before), CODE.format(after), RULE)


def test_older_torch_is_told_the_device(check_transformed):
    both = 'pin_memory=True, pin_memory_device="hpu"'
    check_transformed(CODE.format("data"), CODE.format(f"data, {both}"), RULE, release="1.9", mode="lazy")
    check_transformed(CODE.format("data, pin_memory=True"), CODE.format(f"data, {both}"), RULE, release="1.21")


def test_a_loader_of_older_torch_that_another_process_reads(check_transformed):
    code = "import torch\ndef make(data):\n    return torch.utils.data.DataLoader(data, pin_memory=True{})\n"
    check_transformed(code.format(""), code.format(', pin_memory_device="hpu"'), RULE, release="1.20")


@pytest.mark.parametrize("arguments", ["data, pin_memory=False", "data, pin_memory=args.pin", "data, pin_memory=True"])
def test_what_the_call_says_stays(check_noop, arguments):
    check_noop(CODE.format(arguments), RULE)


def test_a_choice_made_elsewhere_is_a_finding_for_older_torch(run):
    found = run(CODE.format("data, num_workers=2, drop_last=True, pin_memory=args.pin"), RULE, release="1.20").findings
    assert ["decided elsewhere" in each.message for each in found] == [True]


def test_loaders_that_feed_no_device_stay(check_noop):
    check_noop(CODE.format("data").replace('x.to("hpu")', "x.float()"), RULE)
    check_noop(CODE.format("data").replace("torch.utils.data", "mine"), RULE)
    check_noop('text = "DataLoader(data)"  # DataLoader(data)\n', RULE)


@pytest.mark.parametrize(
    "head",
    [
        "class Rows(Dataset):\n    def __getitem__(self, i):\n        return self.rows[i].to('hpu')\ndata = Rows()\n",
        "data = TensorDataset(rows.to('hpu'))\n",
        "rows = rows.to('hpu')\ndata = TensorDataset(rows)\n",
    ],
)
def test_data_that_is_on_the_device_is_not_pinned(run, head):
    code = head + CODE.format("data")
    result = run(code, RULE)
    assert result.data.decode() == code
    assert any("on the device already" in each.message for each in result.findings)


def test_advice_about_workers_and_the_last_batch(run):
    messages = [each.message for each in run(CODE.format("data"), RULE).findings]
    assert len(messages) == 2
    assert not run(CODE.format("data, num_workers=2, drop_last=False"), RULE).findings
    assert not run(CODE.format("data, 4, True, None, None, 2, None, True, True"), RULE).findings
    evaluation = CODE.format("data, num_workers=2").replace("loss.backward()", "model(x)")
    assert not run(evaluation, RULE).findings


def test_arguments_that_cannot_be_read_are_a_finding(run):
    result = run(CODE.format("data, **settings"), RULE)
    assert result.data.decode() == CODE.format("data, **settings")
    assert len(result.findings) == 1


FILLED = """
from torch.utils.data import DataLoader
loader = DataLoader(data, num_workers=2, pin_memory=True)
for step, batch in enumerate(loader):
    {}
    batch = [t.to("hpu") for t in batch]
    loss.backward()
"""


@pytest.mark.parametrize("line", ["batch = fill_up(batch, rows)", "batch, count = rows.fill_up(batch)"])
def test_a_batch_that_a_function_exchanges_may_have_its_size_from_it(run, line):
    assert run(FILLED.format(line), RULE).findings == ()


@pytest.mark.parametrize(
    "line", ["batch = tuple(batch)", "batch = torch.stack(batch)", "other = fill_up(batch)", "show(batch)"]
)
def test_a_batch_that_stays_what_it_is_may_be_short(run, line):
    found = run("import torch\n" + FILLED.format(line), RULE).findings
    assert ["another size" in each.message for each in found] == [True]
