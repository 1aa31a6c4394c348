from __future__ import annotations

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import rewrite
from migrator.core.file import Context
from migrator.rules import all_rules

RULE = "dynamic-shapes"
HEAD = "import torch\nfrom torch import nn\nimport numpy as np\nimport torch.nn.functional as F\n"
MODULE = """\
class Net(nn.Module):
    def forward(self, x, labels, lengths, mask=None):
{body}
        return x
"""
REFINE = "PT_HPU_ENABLE_REFINE_DYNAMIC_SHAPES"


def module(*lines: str) -> str:
    return HEAD + MODULE.format(body="\n".join(f"        {line}" for line in lines))


def spots(result) -> list[str]:
    return [finding.api for finding in result.findings]


@pytest.mark.parametrize(
    ("line", "spot"),
    [
        ("y = x[labels != -1]", "x[labels != -1]"),
        ("y = x.view(-1, 8)[mask]", "x.view(-1, 8)[mask]"),
        ("y = x[:, mask.bool()]", "x[:, mask.bool()]"),
        ("y = x[~mask & (labels > 0)]", "x[~mask & (labels > 0)]"),
        ("y = torch.nonzero(labels)", "torch.nonzero(labels)"),
        ("y = torch.eq(x, 0).nonzero()", "torch.eq(x, 0).nonzero()"),
        ("y = torch.masked_select(x, mask)", "torch.masked_select(x, mask)"),
        ("y = torch.unique(labels.long())", "torch.unique(labels.long())"),
        ("y = torch.bincount(labels)", "torch.bincount(labels)"),
        ("rows, = torch.where(x > 0)", "torch.where(x > 0)"),
        ("y = torch.repeat_interleave(x, lengths.long(), dim=1)", "torch.repeat_interleave(x, lengths.long(), dim=1)"),
        (
            "y = torch.arange(lengths.max().item(), device=x.device)",
            "torch.arange(lengths.max().item(), device=x.device)",
        ),
        ("y = torch.zeros(int(torch.max(lengths)), 8)", "torch.zeros(int(torch.max(lengths)), 8)"),
    ],
)
def test_results_whose_size_depends_on_data(run, line, spot):
    result = run(module(line), RULE)
    assert spots(result) == [spot]
    assert result.data.decode() == module(line)


@pytest.mark.parametrize(
    "line",
    [
        "y = torch.where(labels > 0, x, 0)",
        "y = x[labels]",
        "y = x[:, 0]",
        "y = x[..., None]",
        "y = x.masked_fill(mask, 0)",
        "y = x * (labels > 0)",
        "y = torch.repeat_interleave(x, 4, dim=1)",
        "y = x.repeat_interleave(self.groups, dim=1)",
        "y = torch.repeat_interleave(x, lengths.long(), dim=1, output_size=512)",
        "y = torch.arange(x.size(1), device=x.device)",
        "y = torch.full((4,), x.max().item())",
        "y = np.nonzero(np.ones(4))",
        "y = np.ones(4)[np.ones(4) > 0]",
        "'x[mask] torch.nonzero(x)'  # x[mask]",
        "self.names = {k: v for k, v in self.all.items()}",
        "y = self.options['mask']",
    ],
)
def test_other_results_are_none(run, line):
    assert spots(run(module(line), RULE)) == []


@pytest.mark.parametrize("value", ["0", "-1", "float('-inf')", "self.IGNORED"])
def test_one_number_written_through_a_mask(run, value):
    (found,) = run(module(f"x[labels == 0] = {value}"), RULE).findings
    assert (found.api, "masked_fill" in found.advice) == ("x[labels == 0]", True)


def test_values_written_through_a_mask(run):
    (found,) = run(module("x[mask] = x[mask] * 2"), RULE).findings
    assert "torch.where(mask, new, x)" in found.advice
    assert "masked_fill" not in found.advice


def test_once_a_statement(run):
    assert len(run(module("y = x[mask] + torch.nonzero(labels)"), RULE).findings) == 1
    assert len(run(module("y = x[mask]", "z = x[mask]"), RULE).findings) == 2


def test_a_mask_by_name_and_by_what_is_assigned(run):
    assert spots(run(module("kept = labels.ne(0).view(-1)", "y = x[kept]"), RULE)) == ["x[kept]"]
    assert spots(run(module("mask = 3", "y = x[mask]"), RULE)) == []
    assert spots(run(module("kept = [0, 2]", "y = x[kept]"), RULE)) == []


@pytest.mark.parametrize(
    "code",
    [
        "def evaluate(x, mask):\n    return torch.nonzero(x[mask])\n",
        "class Op(torch.autograd.Function):\n    @staticmethod\n"
        "    def forward(ctx, x):\n        return x.float().nonzero()\n",
        "class Data:\n    def forward(self, x):\n        return torch.nonzero(x)\n",
        "class Net(nn.Module):\n    def __init__(self, x):\n        self.places = torch.nonzero(x)\n",
        "class Net(nn.Module):\n    def forward(self, x):\n"
        "        if not self.training:\n            return torch.nonzero(x)\n        return x\n",
        "class Net(nn.Module):\n    def forward(self, x):\n        return x if self.training else torch.nonzero(x)\n",
        "def torch_nonzero(torch, x):\n    return torch.nonzero(x)\n",
    ],
)
def test_none_where_training_does_not_run_it(run, code):
    assert spots(run(HEAD + code, RULE)) == []


@pytest.mark.parametrize(
    "code",
    [
        "class Net(nn.Module):\n    def forward(self, x):\n        return self.rows(x)\n\n"
        "    def rows(self, x):\n        return torch.nonzero(x)\n",
        "def rows(x):\n    return torch.nonzero(x)\n\n\n"
        "class Net(nn.Module):\n    def forward(self, x):\n        return rows(x)\n",
        "class BoxLoss:\n    def __call__(self, x):\n        return torch.nonzero(x)\n",
        "model = nn.Linear(4, 4)\nfor x in loader:\n"
        "    rows = torch.nonzero(model(x))\n    model(x).sum().backward()\n",
    ],
)
def test_what_training_calls(run, code):
    assert len(run(HEAD + code, RULE).findings) == 1


def test_files_for_an_inference_server_are_none():
    context = Context(make_target(None, None, None, None), load_api_map())
    code = module("y = torch.nonzero(x)").encode()
    counts = [len(rewrite(path, code, [all_rules()[RULE]], context).findings) for path in ("net.py", "triton/net.py")]
    assert counts == [1, 0]


COLLATE = """\
def collate(batch):
    longest = {longest}
    return torch.stack([pad(x, longest) for x in batch])
"""


@pytest.mark.parametrize(
    "longest",
    [
        "max(len(x) for x in batch)",
        "max([x[1].size(1) for x in batch])",
        "max(map(len, batch))",
        "max(lengths)",
        "torch.max(lengths)",
        "lengths.max()",
    ],
)
def test_batches_as_long_as_the_longest(run, longest):
    (found,) = run(HEAD + COLLATE.format(longest=longest), RULE).findings
    assert found.api == longest
    assert "Pad to one length" in found.advice


def test_once_a_collation_and_by_what_a_loader_takes(run):
    code = HEAD + COLLATE.replace("collate", "{name}").replace("{longest}", "max(len(x) for x in batch)")
    loader = "loader = torch.utils.data.DataLoader(data, collate_fn=together)\n"
    assert spots(run(code.format(name="together"), RULE)) == []
    assert len(run(code.format(name="together") + loader, RULE).findings) == 1
    twice = code.format(name="collate").replace("    return", "    again = max(len(x) for x in batch)\n    return")
    assert len(run(twice, RULE).findings) == 1


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("tokenizer(texts, padding=True)", 1),
        ("tokenizer.pad(batch, padding='longest')", 1),
        ("DataCollatorWithPadding(tokenizer)", 1),
        ("tokenizer(texts, padding='max_length')", 0),
        ("tokenizer(texts, padding=True, pad_to_multiple_of=64)", 0),
        ("DataCollatorWithPadding(tokenizer, padding='max_length')", 0),
        ("nn.Conv2d(1, 1, 3, padding=True)", 0),
    ],
)
def test_tokenizers_and_their_collators(run, line, count):
    head = "import torch\nfrom torch import nn\nfrom transformers import DataCollatorWithPadding\n"
    assert len(run(f"{head}batch = {line}\n", RULE).findings) == count


@pytest.mark.parametrize(
    ("mode", "release", "named"), [("lazy", "1.24", True), ("eager", "1.24", False), ("lazy", "1.7", False)]
)
def test_the_flag_is_lazy_modes(run, mode, release, named):
    (found,) = run(module("y = torch.nonzero(x)"), RULE, mode=mode, release=release).findings
    assert (REFINE in found.advice) is named
    assert ("mark_step" in found.advice) is (mode == "lazy")
