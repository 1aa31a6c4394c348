"""Losses on the emulated device are those on the CPU, to the last bit."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from tests.emulator.models import BertLike, LlamaLike, LstmTagger, ResNetLike, train

MODELS = {"bert": BertLike, "resnet": ResNetLike, "lstm": LstmTagger, "llama": LlamaLike}


def models(name: str) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    model = MODELS[name]()
    return model, copy.deepcopy(model)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("steps", [20, pytest.param(50, marks=pytest.mark.slow)])
def test_losses_and_weights_are_the_cpus(name: str, steps: int) -> None:
    on_cpu, on_hpu = models(name)
    expected = train(on_cpu, "cpu", steps)

    assert train(on_hpu, "hpu", steps) == expected
    assert expected[-1] != expected[0]
    for kept, emulated in zip(on_cpu.state_dict().values(), on_hpu.state_dict().values(), strict=True):
        assert emulated.device.type == "hpu"
        assert torch.equal(kept, emulated.cpu())


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_other_optimizers(optimizer: str) -> None:
    on_cpu, on_hpu = models("bert")

    assert train(on_hpu, "hpu", 5, optimizer) == train(on_cpu, "cpu", 5, optimizer)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("steps", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_autocast_casts_what_cpu_autocast_casts(name: str, steps: int) -> None:
    on_cpu, on_hpu = models(name)

    assert train(on_hpu, "hpu", steps, dtype=torch.bfloat16) == train(on_cpu, "cpu", steps, dtype=torch.bfloat16)
