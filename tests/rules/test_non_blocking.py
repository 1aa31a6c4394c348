from __future__ import annotations

import pytest

RULE = "non-blocking"
HEAD = (
    "import torch\nfrom torch.utils.data import DataLoader\ndevice = torch.device('hpu')\nloader = DataLoader(data)\n"
)


def loop(body: str, header: str = "for batch in loader:") -> str:
    return f"{HEAD}{header}\n    {body}\n"


@pytest.mark.parametrize(
    ("header", "before", "after"),
    [
        (
            "for batch in loader:",
            "batch = [t.to(device) for t in batch]",
            "batch = [t.to(device, non_blocking=True) for t in batch]",
        ),
        (
            "for step, (x, y) in enumerate(loader):",
            "x, y = x.to(device), y.to(device)",
            "x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)",
        ),
        (
            "for step, batch in tqdm(enumerate(loader), total=9):",
            "batch = {k: v.to(device) for k, v in batch.items()}",
            "batch = {k: v.to(device, non_blocking=True) for k, v in batch.items()}",
        ),
        ("for batch in loader:", 'model(batch["x"].to("hpu"))', 'model(batch["x"].to("hpu", non_blocking=True))'),
        ("for x in loader:", "x = x.to(device, torch.bfloat16)", "x = x.to(device, torch.bfloat16, non_blocking=True)"),
        ("for x in loader:", "x = x.float().to(device=device)", "x = x.float().to(device=device, non_blocking=True)"),
        (
            "for batch in loader:",
            "batch = tree_map(lambda t: t.to(device), batch)",
            "batch = tree_map(lambda t: t.to(device, non_blocking=True), batch)",
        ),
        (
            "for batch in loader:",
            "ids, mask = batch; ids = ids.to(args.device)",
            "ids, mask = batch; ids = ids.to(args.device, non_blocking=True)",
        ),
        (
            "for batch in loader:",
            "for k in batch: batch[k] = batch[k].to(device)",
            "for k in batch: batch[k] = batch[k].to(device, non_blocking=True)",
        ),
    ],
)
def test_copies_of_batches(check_transformed, header, before, after):
    imports = "from tqdm import tqdm\nfrom torch.utils._pytree import tree_map\n"
    check_transformed(imports + loop(before, header), imports + loop(after, header), RULE)


def test_loader_and_device_that_come_by_parameters(check_transformed):
    code = (
        "import torch\nimport torch.utils.data as d\n\ndef setup():\n    return torch.device('hpu'), 1\n\n"
        "def train(loader, device):\n    for x, y in loader:\n        x = x.to({})\n\n"
        "def main():\n    device, _ = setup()\n    train(d.DataLoader(data), device)\n"
    )
    check_transformed(code.format("device"), code.format("device, non_blocking=True"), RULE)


def test_windows_line_ends_and_tabs(run):
    code = loop("x = batch.to(device)").replace("    ", "\t").replace("\n", "\r\n")
    after = code.replace("to(device)", "to(device, non_blocking=True)")
    assert run(code, RULE).data.decode() == after


@pytest.mark.parametrize("maker", ["torch.from_numpy(x)", "torch.tensor(rows).long()"])
def test_arrays_of_a_training_loop(check_transformed, maker):
    code = f"import torch\nfor x in rows:\n    x = {maker}.to('hpu'{{}})\n    loss.backward()\n"
    check_transformed(code.format(""), code.format(", non_blocking=True"), RULE)


@pytest.mark.parametrize(
    "body",
    [
        "y = batch.to('cpu')",
        "y = batch.to(torch.device('cpu'))",
        "y = batch.to(cpu_device)",
        "y = batch.to(torch.float32)",
        "y = batch.to(other)",
        "y = batch.to(device, non_blocking=False)",
        "y = batch.to(device, torch.float32, True)",
        "model = model.to(device)",
        "print('batch.to(device)')  # batch.to(device)",
    ],
)
def test_what_is_no_copy_of_a_batch_to_the_device(check_noop, body):
    check_noop(loop(body), RULE)


def test_other_loaders_and_other_loops(check_noop):
    check_noop("from mine import DataLoader\nfor x in DataLoader(d):\n    x = x.to('hpu')\n", RULE)
    check_noop("import torch\nfor x in rows:\n    x = torch.from_numpy(x).to('hpu')\n", RULE)
    check_noop(
        "import torch\nfor x in rows:\n    x = torch.tensor(x, device='hpu').to('hpu')\n    l.backward()\n", RULE
    )
    check_noop(
        "import torch\nfor x in rows:\n    if log:\n        t = torch.tensor(s).to('hpu')\n    l.backward()\n", RULE
    )


@pytest.mark.parametrize("arguments", ["collate_fn=pad", "batch_size=None", "**settings", "collate_fn=mine"])
def test_batches_that_may_have_a_to_of_their_own(run, arguments):
    code = loop("batch = batch.to(device)").replace("(data)", f"(data, {arguments})")
    code = code.replace("loader =", "def mine(rows):\n    return Rows(rows)\nloader =")
    result = run(code, RULE)
    assert result.data.decode() == code
    assert ["`to` of its own" in each.message for each in result.findings] == [True]


def test_a_collation_that_makes_tensors(check_transformed):
    code = loop("x = batch[0].to(device{})").replace("(data)", "(data, collate_fn=join)")
    code = code.replace("loader =", "def join(rows):\n    return torch.stack(rows), torch.tensor([1])\nloader =")
    check_transformed(code.format(""), code.format(", non_blocking=True"), RULE)


@pytest.mark.parametrize(
    "body",
    ["y = batch.to(device); batch.zero_()", "y = batch.to(device); batch[0] = 1", "y = batch.to(device); batch += 1"],
)
def test_memory_that_is_written_to(run, body):
    result = run(loop(body), RULE)
    assert result.data.decode() == loop(body)
    assert "in place" in result.findings[0].message


def test_an_array_that_is_filled_again(run):
    body = "buffer[:] = x\n    t = torch.from_numpy(buffer).to('hpu')\n    l.backward()\n"
    code = f"import torch\nfor x in rows:\n    {body}"
    result = run(code, RULE)
    assert result.data.decode() == code
    assert "'buffer'" in result.findings[0].advice
