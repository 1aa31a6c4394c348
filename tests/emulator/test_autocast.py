"""`torch.autocast("hpu")` casts what the chosen lists say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from migrator.emulator.autocast import cpu as cpu_autocast
from migrator.emulator.autocast.lists import Policy, cpu_policies
from migrator.emulator.operators import overlay
from migrator.emulator.torch_private.eager import has_kernel, operator_names
from tests.emulator.counted import counted

PROBE = """
import json, sys, torch, migrator.emulator as e
e.activate(autocast="gaudi")
f = torch.nn.functional
x, w = torch.ones(2, 3, 4, device="hpu"), torch.ones(4, device="hpu")
half = x.bfloat16()
ops = {
    "mm": lambda: x[0] @ x[0].t(), "linear": lambda: f.linear(x, x[0]), "mul": lambda: x * x,
    "softmax": lambda: x.softmax(-1), "mean": lambda: x.mean(), "layer_norm": lambda: f.layer_norm(x, (4,), w, w),
    "dropout": lambda: f.dropout(x), "exp": lambda: half.exp(), "pow": lambda: half.pow(2), "div": lambda: half / half,
    "embedding": lambda: f.embedding(torch.tensor([0], device="hpu"), half[0]), "topk": lambda: half.topk(2)[0],
    "mse_loss": lambda: f.mse_loss(half, half), "add": lambda: half + x, "cat": lambda: torch.cat([half, x]),
    "relu": lambda: x.relu(), "double": lambda: x.double() * x.double(),
}
with torch.autocast("hpu", dtype=torch.bfloat16):
    print(json.dumps({name: str(op().dtype).removeprefix("torch.") for name, op in ops.items()}))
"""
LOWER = ("mm", "linear", "mul", "softmax", "mean", "layer_norm", "dropout")
FP32 = ("exp", "pow", "div", "embedding", "topk", "mse_loss")


def gaudi_dtypes(**environment: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def test_every_operator_of_cpu_autocast_is_covered() -> None:
    expected = {name for name in operator_names() if name.startswith("aten::") and has_kernel(name, "AutocastCPU")}

    assert {operator.name for operator, _ in cpu_policies()} == expected
    assert all(has_kernel(name, "AutocastPrivateUse1") for name in expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    "use",
    [
        lambda x: x @ x,
        lambda x: functional.linear(x, x, x[0]),
        lambda x: torch.baddbmm(x[None], x[None], x[None]),
        lambda x: functional.conv1d(x[None], x[:, :, None]),
        lambda x: functional.prelu(x, x[0, :1]),
        lambda x: functional.mse_loss(x.bfloat16(), x.bfloat16()),
        lambda x: x.bfloat16().prod(),
        lambda x: x.bfloat16().exp(),
        lambda x: x.softmax(-1),
        lambda x: torch.cat([x.to(torch.get_autocast_dtype(x.device.type))] * 2),
        lambda x: torch.stack([x, x.to(torch.get_autocast_dtype(x.device.type))]),
        lambda x: torch.linalg.inv(x + torch.eye(3, device=x.device)),
        lambda x: x.double() @ x.double(),
        lambda x: functional.scaled_dot_product_attention(x[None], x[None], x[None]),
    ],
)
def test_cpu_lists_cast_like_cpu_autocast(use: Callable[[Tensor], Tensor], dtype: torch.dtype) -> None:
    results = []
    for device in ("cpu", "hpu"):
        values = torch.linspace(0.1, 1, 9).view(3, 3).to(device)
        with torch.autocast(device, dtype=dtype):
            results.append(use(values).cpu())

    assert results[0].dtype is results[1].dtype
    assert torch.equal(*results)


def test_policies_of_some_operators() -> None:
    policies = {operator.name: policy for operator, policy in cpu_policies()}

    assert policies["aten::linear"] is Policy.LOWER
    assert policies["aten::mse_loss"] is Policy.FP32
    assert policies["aten::cat"] is Policy.PROMOTE


def test_weights_are_cast_once_a_region() -> None:
    layer = nn.Linear(4, 4).to("hpu")
    inputs = torch.ones(2, 4, device="hpu")
    with torch.autocast("hpu", dtype=torch.bfloat16):
        first = layer(inputs)
        with torch.no_grad():
            layer.weight.zero_()
        assert torch.equal(layer(inputs), first)  # still the cast of before
    with torch.autocast("hpu", dtype=torch.bfloat16):
        assert not torch.equal(layer(inputs), first)


def test_gradients_pass_through_the_casts() -> None:
    layer = nn.Linear(4, 4).to("hpu")
    with torch.autocast("hpu", dtype=torch.bfloat16):
        loss = layer(torch.ones(2, 4, device="hpu")).float().sum()
    loss.backward()

    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype is torch.float32


def test_disabled_regions_do_not_cast() -> None:
    values = torch.ones(2, 2, device="hpu")
    with torch.autocast("hpu", dtype=torch.bfloat16), torch.autocast("hpu", enabled=False):
        assert (values @ values).dtype is torch.float32
    assert not torch.is_autocast_enabled("hpu")


def test_gaudis_default_lists() -> None:
    found = gaudi_dtypes()

    assert {name: found[name] for name in LOWER} == dict.fromkeys(LOWER, "bfloat16")
    assert {name: found[name] for name in FP32} == dict.fromkeys(FP32, "float32")
    assert (found["add"], found["cat"], found["relu"], found["double"]) == ("float32", "float32", "float32", "float64")


@pytest.mark.parametrize(
    ("release", "lower", "fp32"),
    [
        ("1.24", "PT_HPU_AUTOCAST_LOWER_PRECISION_OPS_LIST", "PT_HPU_AUTOCAST_FP32_OPS_LIST"),
        ("1.10", "LOWER_LIST", "FP32_LIST"),
    ],
)
def test_lists_from_files_replace_the_defaults(tmp_path: Path, release: str, lower: str, fp32: str) -> None:
    (tmp_path / "lower.txt").write_text("linear\nexp\n")
    (tmp_path / "fp32.txt").write_text("softmax\n")
    files = {lower: str(tmp_path / "lower.txt"), fp32: str(tmp_path / "fp32.txt")}
    found = gaudi_dtypes(MIGRATE_HPU_RELEASE=release, **files)

    assert (found["linear"], found["exp"], found["softmax"]) == ("bfloat16", "bfloat16", "float32")
    assert (found["mm"], found["mse_loss"], found["mean"]) == ("float32", "bfloat16", "float32")


def test_variables_of_other_releases_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "lower.txt").write_text("exp\n")

    assert gaudi_dtypes(LOWER_LIST=str(tmp_path / "lower.txt"))["exp"] == "float32"


def test_a_missing_list_is_named_and_leaves_no_device_behind() -> None:
    code = (
        "import migrator.emulator as e\n"
        "try: e.activate(autocast='gaudi')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "e.activate(autocast='cpu')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PT_HPU_AUTOCAST_FP32_OPS_LIST": "none.txt"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "UsageError PT_HPU_AUTOCAST_FP32_OPS_LIST is 'none.txt', which cannot be read" in done.stdout
    assert done.returncode == 0


def test_regions_nest() -> None:
    values = torch.ones(2, 2, device="hpu")
    kinds = []
    with torch.autocast("hpu", dtype=torch.bfloat16):
        kinds.append((values @ values).dtype)
        with torch.autocast("hpu", dtype=torch.float16):
            kinds.append((values @ values).dtype)
            with torch.autocast("hpu", enabled=False):
                kinds.append((values @ values).dtype)
            kinds.append((values @ values).dtype)
        kinds.append((values @ values).dtype)

    bfloat16, float16, float32 = torch.bfloat16, torch.float16, torch.float32
    assert kinds == [bfloat16, float16, float32, float16, bfloat16]


def test_the_lower_precision_is_bfloat16_in_every_thread() -> None:
    def precision() -> torch.dtype:
        values = torch.ones(2, 2, device="hpu")
        with torch.autocast("hpu"):
            return (values @ values).dtype

    with ThreadPoolExecutor(1) as pool:
        assert [precision(), pool.submit(precision).result()] == [torch.bfloat16, torch.bfloat16]
    assert torch.get_autocast_dtype("hpu") is torch.bfloat16


def test_states_under_the_bridges_names() -> None:
    assert not torch.hpu.is_autocast_hpu_enabled()
    with torch.autocast("hpu", dtype=torch.float16):
        assert torch.hpu.is_autocast_hpu_enabled()
        assert torch.hpu.get_autocast_hpu_dtype() is torch.float16
    torch.hpu.set_autocast_hpu_dtype(torch.float16)
    torch.hpu.set_autocast_hpu_enabled(True)
    try:
        assert (torch.ones(2, 2, device="hpu") @ torch.ones(2, 2, device="hpu")).dtype is torch.float16
    finally:
        torch.hpu.set_autocast_hpu_enabled(False)
        torch.hpu.set_autocast_hpu_dtype(torch.bfloat16)


def test_other_types_are_refused_with_a_warning() -> None:
    values = torch.ones(2, 2, device="hpu")
    with (
        pytest.warns(UserWarning, match="target dtype is not supported"),
        torch.autocast("hpu", dtype=torch.float64),
    ):
        assert (values @ values).dtype is torch.float32


@pytest.fixture
def _fresh_watch() -> Iterator[None]:
    yield
    overlay.uncover("cpu autocast")
    cpu_autocast.install()


@pytest.mark.usefixtures("_fresh_watch")
def test_cpu_autocast_leaves_the_device_alone() -> None:
    lstm = nn.LSTM(2, 2).to("hpu")
    values = torch.ones(2, 2, device="hpu", requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        product = values @ values
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.bfloat16
        assert product.dtype is lstm(values)[0].dtype is torch.float32
        (grad,) = torch.autograd.grad(product.sum(), values)
        with torch.autocast("hpu", dtype=torch.float16):
            assert (values @ values).dtype is torch.float16

    assert torch.equal(grad.cpu(), torch.full((2, 2), 4.0))


@pytest.mark.usefixtures("_fresh_watch")
def test_cpu_autocast_while_counting() -> None:
    with counted() as counts, torch.autocast("cpu", dtype=torch.bfloat16):
        values = torch.ones(2, 2, device="hpu")
        assert (values @ values).dtype is torch.float32

    assert counts.graphs.pending == 3
    assert (values @ values).dtype is torch.float32
