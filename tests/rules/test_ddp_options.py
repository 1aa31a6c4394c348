from __future__ import annotations

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import FileResult, rewrite
from migrator.core.file import Context
from migrator.rules import all_rules

RULE = "ddp-options"
SCRIPT = """import torch
from torch.nn.parallel import DistributedDataParallel as DDP
from {} import Net
model = Net(3).to("hpu")
if many:
    model = DDP(model{})
"""
NET = """from torch import nn
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.norm = nn.Linear(2, 2), nn.LayerNorm(2)
        self.loss = nn.CrossEntropyLoss(ignore_index=-1)
class Net(Block):
    pass
"""


def apply(script: str, others: dict[str, str]) -> FileResult:
    """The rule's result for a script beside other files of a tree."""
    files = {path: text.encode() for path, text in others.items()}
    context = Context(make_target(None, None, None, None), load_api_map(), frozenset(files), sources=files)
    return rewrite("train.py", script.encode(), [all_rules()[RULE]], context)


@pytest.mark.parametrize(
    ("module", "others"),
    [
        ("net", {"net.py": NET}),
        ("nets.net", {"nets/net.py": NET}),
        ("nets", {"nets/__init__.py": "from .net import Net\n", "nets/net.py": NET}),
        (
            "net",
            {
                "net.py": NET.replace("class Block", "import numpy\nfrom parts import x\nclass Block"),
                "parts.py": "x = 1\n",
            },
        ),
    ],
)
def test_models_without_buffers_need_no_broadcast(module, others):
    result = apply(SCRIPT.format(module, ""), others)
    assert result.data.decode() == SCRIPT.format(module, ", broadcast_buffers=False")
    assert apply(result.data.decode(), others).data == result.data


@pytest.mark.parametrize(
    "net",
    [
        NET.replace("nn.LayerNorm", "nn.BatchNorm1d"),
        NET.replace("ignore_index=-1", "weight=w"),
        NET.replace("    pass", "    def more(self):\n        self.register_buffer('ids', ids)"),
        NET.replace("from torch import nn", "from torch import nn\nfrom timm.layers import Head"),
        NET.replace("from torch import nn", "from torch import nn\nfrom parts import Part"),
        "from elsewhere import Net\n",
        "def Net(:\n",
    ],
)
def test_models_that_have_some_or_cannot_be_read_get_advice(net):
    parts = "import torch\nclass Part(torch.nn.BatchNorm2d):\n    pass\n"
    result = apply(SCRIPT.format("net", ""), {"net.py": net, "parts.py": parts})
    assert result.data.decode() == SCRIPT.format("net", "")
    assert ["buffers" in each.message for each in result.findings] == [True, False]


def test_a_class_of_the_script_itself(check_transformed):
    code = (
        "from torch.nn.parallel import DistributedDataParallel\n"
        + NET
        + "m = Net()\nm = DistributedDataParallel(m{})\n"
    )
    check_transformed(code.format(""), code.format(", broadcast_buffers=False"), RULE)


@pytest.mark.parametrize("given", ["broadcast_buffers=True", "None, None, 0, True", "**options"])
def test_what_the_call_says_stays(given):
    assert apply(SCRIPT.format("net", f", {given}"), {"net.py": NET}).data.decode() == SCRIPT.format(
        "net", f", {given}"
    )


def test_static_graph_is_only_advice(run):
    code = "import torch\nm = torch.nn.parallel.DistributedDataParallel(m, broadcast_buffers=False{})\n"
    result = run(code.format(""), RULE)
    assert result.data.decode() == code.format("")
    assert ["static_graph" in each.message for each in result.findings] == [True]
    assert not run(code.format(", static_graph=True"), RULE).findings
    assert not run(code.format(", find_unused_parameters=True"), RULE).findings


def test_other_classes_of_that_name_stay(run):
    code = "from apex.parallel import DistributedDataParallel\nm = DistributedDataParallel(m)\n"
    assert not run(code, RULE).findings
