"""torch.compile with the device's backend: results of eager mode to the last bit, and graphs that can be counted.

In processes of their own: lazy mode, which these tests' process is in, has no torch.compile.
"""

from __future__ import annotations

import pytest

from migrator.emulator.compile_backend import names
from migrator.emulator.profile import read_profile
from tests.emulator.processes import result, run

TRAIN = """
import torch, torch.nn as nn

def train(compiled, steps=4, **options):
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
    model = nn.Sequential(nn.Embedding(20, 16), layer, nn.Linear(16, 20)).to('hpu')
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    run = torch.compile(model, backend='hpu_backend', **options) if compiled else model
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        tokens = torch.randint(0, 20, (2, 6 + step % 2), device='hpu')
        loss = nn.functional.cross_entropy(run(tokens).flatten(0, 1), tokens.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, [each.detach().cpu() for each in model.parameters()]

def same(left, right):
    return left[0] == right[0] and all(torch.equal(a, b) for a, b in zip(left[1], right[1]))
"""


def test_training_is_eager_training_to_the_last_bit() -> None:
    found = result(
        TRAIN + "eager = train(False)\n"
        "from migrator.emulator.compile_backend.pass_through import counts\n"
        "import json\n"
        "rows = {}\n"
        "for options in ({}, {'fullgraph': True}, {'dynamic': True}, {'dynamic': False}):\n"
        "    torch._dynamo.reset()\n"
        "    before = counts.forward, counts.backward\n"
        "    equal = same(eager, train(True, **options))\n"
        "    rows[str(options)] = equal, counts.forward - before[0], counts.backward - before[1]\n"
        "print(json.dumps(rows))"
    )

    # Sequences of two lengths: static shapes, and the second length by default, compile again.
    assert found == {
        "{}": [True, 2, 2],
        "{'fullgraph': True}": [True, 2, 2],
        "{'dynamic': True}": [True, 1, 1],
        "{'dynamic': False}": [True, 2, 2],
    }


OPERATORS = """
import json, torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
conv, lstm, cell, mha = nn.Conv2d(2, 2, 3), nn.LSTM(6, 6), nn.LSTMCell(6, 6), nn.MultiheadAttention(6, 2)
bn = nn.BatchNorm2d(2)
mask = torch.ones(6, 6).tril().bool().to('hpu')
for layer in (conv, lstm, cell, mha, bn):
    layer.to('hpu')
work = {
    'convolution': lambda x: conv(x),
    'normalisation': lambda x: bn(x),
    'recurrent layer': lambda x: lstm(x[0])[0],
    'recurrent cell': lambda x: cell(x[0, 0])[0],
    'attention': lambda x: F.scaled_dot_product_attention(x, x, x, dropout_p=0.2),
    'masked attention': lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=mask),
    'attention layer': lambda x: mha(x[0], x[0], x[0])[0],
    'dropout of a transposed tensor': lambda x: F.dropout(x.transpose(1, 2), 0.3),
    'random numbers': lambda x: x * torch.rand(6, device='hpu') + torch.randn_like(x),
    'autocast': lambda x: (torch.autocast('hpu', torch.bfloat16).__enter__(), F.linear(x, x[0, 0]).float())[1],
    'checkpoint': lambda x: torch.utils.checkpoint.checkpoint(lambda y: y.sin().cos(), x, use_reentrant=False),
}
x = torch.randn(1, 2, 6, 6).to('hpu').requires_grad_()

def value_and_gradient(function):
    torch.manual_seed(1)
    x.grad = None
    y = function(x)
    y.square().sum().backward()
    return y.detach().flatten().tolist(), x.grad.flatten().tolist()

differing = [
    name
    for name, function in work.items()
    if value_and_gradient(function) != value_and_gradient(torch.compile(function, backend='hpu_backend'))
]
print(json.dumps([differing, len(work)]))
"""


def test_operators_that_the_device_implements_itself() -> None:
    differing, total = result(OPERATORS)

    assert differing == []
    assert total == 11


def test_a_graph_break_leaves_the_devices_own_code_alone() -> None:
    done = run(
        "import torch\n"
        "def f(x):\n"
        "    y = x * 2\n"
        "    torch._dynamo.graph_break()\n"
        "    rows = (x > 0).nonzero().shape[0]\n"
        "    torch.hpu.synchronize()\n"
        "    return y.sum().item() + rows\n"
        "print(torch.compile(f, backend='hpu_backend')(torch.tensor([1., -2., 3.], device='hpu')))",
        TORCH_LOGS="dynamo",
    )

    traced = [line.rpartition("start tracing ")[2] for line in done.stderr.splitlines() if "start tracing" in line]
    assert done.stdout == "6.0\n", done.stderr
    assert traced
    assert [line for line in traced if "<string>" not in line] == []


def test_streams_and_the_device_can_be_asked_in_a_graph() -> None:
    found = result(
        "import json, torch\n"
        "from torch._dynamo.device_interface import get_interface_for_device\n"
        "asked = get_interface_for_device('hpu')\n"
        "def f(x):\n"
        "    if torch.hpu.is_available() and torch.hpu.device_count() == 1:\n"
        "        with torch.hpu.device(0):\n"
        "            return x + torch.ones(2, device=f'hpu:{torch.hpu.current_device()}')\n"
        "y = torch.compile(f, backend='hpu_backend')(torch.ones(2, device='hpu'))\n"
        "names = [asked.Stream is torch.hpu.Stream, asked.Event is torch.hpu.Event]\n"
        "print(json.dumps([y.tolist(), asked.current_device(), asked.device_count(), *names]))"
    )

    assert found == [[2.0, 2.0], 0, 1, True, True]


def test_step_marks_do_not_break_a_graph() -> None:
    found = result(
        "import json, torch\n"
        "import habana_frameworks.torch.core as htcore\n"
        "def f(x):\n"
        "    y = x + 1\n"
        "    htcore.mark_step()\n"
        "    return y * 2\n"
        "f = torch.compile(f, backend='hpu_backend', fullgraph=True)\n"
        "print(json.dumps(f(torch.ones(2, device='hpu')).tolist()))"
    )

    assert found == [4.0, 4.0]


@pytest.mark.slow
def test_compiled_autograd_trains_as_eager_mode() -> None:
    found = result(
        TRAIN + "import json\n"
        "eager = train(False)\n"
        "from migrator.emulator.compile_backend.pass_through import counts\n"
        "without = train(True, steps=1) and counts.inference\n"
        "from habana_frameworks.torch.dynamo.compile_backend.experimental import enable_compiled_autograd\n"
        "enable_compiled_autograd()\n"
        "print(json.dumps([same(eager, train(True)), without, counts.inference]))"
    )

    equal, without, graphs_of_backward = found
    assert equal
    assert (without, graphs_of_backward > 0) == (0, True)


def test_inductor_is_refused_and_the_backend_named() -> None:
    done = run("import torch\ntorch.compile(lambda x: x + 1)(torch.ones(2, device='hpu'))")

    assert "default backend, inductor, does not compile for hpu" in done.stderr


def test_lazy_mode_has_no_compilation() -> None:
    done = run(
        "import habana_frameworks.torch, torch\n"
        "torch.compile(lambda x: x + 1, backend='hpu_backend')(torch.ones(2, device='hpu'))",
        lazy="1",
    )

    assert "torch.compile does not work in lazy mode" in done.stderr


def test_an_old_release_has_its_own_backends() -> None:
    found = result(
        "import habana_frameworks.torch, json, torch\n"
        "names = [name for name in torch.compiler.list_backends() if 'hpu' in name]\n"
        "x = torch.ones(1, device='hpu')\n"
        "values = [torch.compile(lambda x: x + 1, backend=name)(x).item() for name in names]\n"
        "print(json.dumps([names, values]))",
        MIGRATE_HPU_RELEASE="1.13",
    )

    assert found == [["aot_hpu_inference_backend", "aot_hpu_training_backend"], [2.0, 2.0]]


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("1.11", ()),
        ("1.12", ("aot_hpu_training_backend", "aot_hpu_inference_backend")),
        ("1.15", ("aot_hpu_training_backend", "aot_hpu_inference_backend", "hpu_backend")),
        ("1.16", ("hpu_backend",)),
        ("1.24", ("hpu_backend",)),
    ],
)
def test_each_release_has_its_backends(
    monkeypatch: pytest.MonkeyPatch, release: str, expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(names, "current", lambda: read_profile({"MIGRATE_HPU_RELEASE": release}))

    assert names.backend_names() == expected


def test_loading_the_device_does_not_load_the_compiler() -> None:
    assert result("import sys, torch\nprint(int('torch._dynamo' in sys.modules or not torch.hpu.is_available()))") == 0
