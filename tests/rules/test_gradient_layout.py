from __future__ import annotations

import pytest

RULE = "gradient-layout"
CODE = """\
import torch
import torchvision
from torch import nn
from torch.nn.parallel import DistributedDataParallel

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.{layer}(3, 8, 3)

model = {model}.to("hpu")
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x in loader:
    model(x).sum().backward()
    optimizer.step()
"""


@pytest.mark.parametrize("mode", ["eager", "compile"])
@pytest.mark.parametrize(("layer", "model"), [("Conv2d", "Net()"), ("Linear", "torchvision.models.resnet50()")])
def test_a_model_with_convolutions(run, layer, model, mode):
    code = CODE.format(layer=layer, model=model)
    result = run(code, RULE, mode=mode)
    assert ["PT_HPU_EAGER_ENABLE_GRADIENT_VIEW_LAYOUT_OPT=1" in f.advice for f in result.findings] == [True]
    assert result.data.decode() == code


def test_one_that_is_only_given_to_ddp(run):
    code = CODE.format(layer="Conv2d", model="Net()").replace("x).sum().backward()", "x)")
    assert run(code, RULE, mode="eager").findings == ()
    assert len(run(f"{code}model = DistributedDataParallel(model)\n", RULE, mode="eager").findings) == 1


@pytest.mark.parametrize(("mode", "release"), [("lazy", None), ("eager", "1.19")])
def test_none_where_nothing_heeds_it(run, mode, release):
    assert run(CODE.format(layer="Conv2d", model="Net()"), RULE, mode=mode, release=release).findings == ()


def test_none_without_convolutions(run):
    assert run(CODE.format(layer="Linear", model="Net()"), RULE, mode="eager").findings == ()


def test_none_in_a_text(run):
    code = CODE.format(layer="Conv2d", model="Net()")
    assert run(f'text = """{code}"""\n', RULE, mode="eager").findings == ()
