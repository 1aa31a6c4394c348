from __future__ import annotations

import pytest

RULE = "hpu-graphs"
CODE = """\
import torch
from net import Net, Head

model = Net().to("hpu")
head = Head().to("hpu")
optimizer = torch.optim.AdamW([*model.parameters(), *head.parameters()])
for x in loader:
    head(model(x)).backward()
    optimizer.step()
"""


def test_advice_once_a_file(run):
    result = run(CODE, RULE, mode="lazy")
    assert result.data.decode() == CODE
    (found,) = result.findings
    assert found.line == 4
    assert "ModuleCacher(max_graphs=10)(model=model, inplace=True)" in found.advice


@pytest.mark.parametrize(("mode", "release"), [("eager", None), ("compile", None), ("lazy", "1.7")])
def test_none_where_there_are_no_graphs_for_training(run, mode, release):
    assert not run(CODE, RULE, mode=mode, release=release).findings


def test_none_where_graphs_are_used_or_nothing_is_trained(run):
    assert not run("from graphs import ModuleCacher\n" + CODE, RULE, mode="lazy").findings
    assert not run(CODE.replace(".backward()", ""), RULE, mode="lazy").findings
    assert not run(f'text = """{CODE}"""\n', RULE, mode="lazy").findings
