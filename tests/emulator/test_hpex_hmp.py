"""Habana Mixed Precision of old releases: which types functions run in, after `hmp.convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.emulator.processes import result

PROBE = """
import json, logging, sys, warnings
import torch
import torch.nn.functional as F
import habana_frameworks.torch.core
from habana_frameworks.torch.hpex import hmp
from torch import nn

bf16, fp32 = sys.argv[1:]
x = torch.randn(3, 4, device="hpu", requires_grad=True)
half = torch.randn(3, 4, device="hpu").bfloat16()
net, attend, norm = nn.Linear(4, 4).to("hpu"), nn.MultiheadAttention(4, 2).to("hpu"), nn.BatchNorm1d(4).to("hpu")
found = {}

def note(name, value):
    found[name] = str(value.dtype).removeprefix("torch.") if isinstance(value, torch.Tensor) else value

def failure(call):
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def iadd(a, b):
    a += b
    return a

note("before", net(x))
messages = []
logging.getLogger("habana_frameworks").setLevel(logging.INFO)
handler = logging.Handler()
handler.emit = lambda record: messages.append(record.getMessage())
logging.getLogger("habana_frameworks").addHandler(handler)
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    hmp.convert(opt_level="O1", bf16_file_path=bf16, fp32_file_path=fp32, isVerbose=True)
note("warned", [str(each.message) for each in warned])
note("linear", net(x))
note("messages", messages[:])
note("matmul", x @ x.t())
note("cpu matmul", torch.ones(2, 2) @ torch.ones(2, 2))
note("gelu", F.gelu(x))
note("softmax", half.softmax(-1))
note("cross entropy", F.cross_entropy(half, torch.tensor([0, 1, 2], device="hpu")))
note("add", half + x)
note("cat", torch.cat([half, x]))
note("truediv", half / 5)
note("add_", half.clone().add_(x))
note("iadd", iadd(half.clone(), x))
note("relu", F.relu(half))
note("unlisted conv", F.conv1d(half[None], torch.ones(3, 3, 1, device="hpu")))
note("attention", attend(x, x, x)[0])
before = norm.running_mean.clone()
note("batch norm", norm(x))
note("statistics updated", not torch.equal(before.cpu(), norm.running_mean.cpu()))
net(x).sum().backward()
note("gradient", x.grad)
with hmp.disable_casts():
    note("disabled", net(x))
    with hmp.disable_casts():
        pass
    note("still disabled", net(x))
note("enabled again", net(x))
note("decorated", hmp.disable_casts()(lambda: net(x))())
note("level 2", failure(lambda: hmp.convert(opt_level="O2")))
note("level 3", failure(lambda: hmp.convert(opt_level="O3")))
note("no file", failure(lambda: hmp.convert(bf16_file_path=bf16 + ".not")))
note("unchanged by failures", F.gelu(x))
hmp.convert()
note("default gelu", F.gelu(x))
note("default linear", net(x))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("lists")
    bf16, fp32 = folder / "bf16.txt", folder / "fp32.txt"
    bf16.write_text("linear\nmatmul\ngelu\nbatch_norm\nnot_of_torch\n", encoding="utf-8")
    fp32.write_text("softmax\ncross_entropy\n", encoding="utf-8")
    return dict(result(PROBE, str(bf16), str(fp32), lazy="1", MIGRATE_HPU_RELEASE="1.12"))


@pytest.mark.parametrize(
    ("what", "dtype"),
    [
        ("before", "float32"),
        ("linear", "bfloat16"),
        ("matmul", "bfloat16"),
        ("cpu matmul", "bfloat16"),
        ("gelu", "bfloat16"),
        ("softmax", "float32"),
        ("cross entropy", "float32"),
        ("add", "float32"),
        ("cat", "float32"),
        ("truediv", "bfloat16"),
        ("add_", "bfloat16"),
        ("iadd", "float32"),
        ("relu", "bfloat16"),
        ("unlisted conv", "bfloat16"),
        ("attention", "bfloat16"),
        ("batch norm", "bfloat16"),
        ("gradient", "float32"),
        ("disabled", "float32"),
        ("still disabled", "float32"),
        ("enabled again", "bfloat16"),
        ("decorated", "float32"),
        ("unchanged by failures", "bfloat16"),
        ("default gelu", "float32"),
        ("default linear", "bfloat16"),
    ],
)
def test_types(found: dict[str, Any], what: str, dtype: str) -> None:
    assert found[what] == dtype


def test_statistics_of_a_norm_are_updated(found: dict[str, Any]) -> None:
    assert found["statistics updated"] is True


def test_what_it_says(found: dict[str, Any]) -> None:
    assert found["warned"] == ["hmp: torch has no function 'not_of_torch' to run in bfloat16"]
    assert found["messages"] == ["hmp: linear runs in bfloat16"]


def test_what_it_refuses(found: dict[str, Any]) -> None:
    assert found["level 2"].startswith("NotImplementedError: hmp.convert: opt_level O2 is not emulated")
    assert found["level 3"].startswith("ValueError")
    assert found["no file"].startswith("FileNotFoundError")
