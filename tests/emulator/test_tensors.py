"""Tensors of the emulated device behave as those of a device of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

MIXED = "Expected all tensors to be on the same device, but found at least two devices"


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.empty(2, device="hpu"),
        lambda: torch.tensor([1.0, 2.0], device="hpu:0"),
        lambda: torch.arange(3, device=torch.device("hpu", 0)),
        lambda: torch.randperm(4, device="hpu"),
        lambda: torch.eye(2, device="hpu"),
        lambda: torch.tril_indices(2, 2, device="hpu"),
        lambda: torch.ones(2).to("hpu"),
        lambda: torch.ones(2).hpu(),
        lambda: torch.ones(2).to(torch.ones(1, device="hpu")),
        lambda: torch.ones(2).new_zeros(2, device="hpu"),
    ],
)
def test_they_say_where_they_are(make: Callable[[], Tensor]) -> None:
    made = make()

    assert str(made.device) == "hpu:0"
    assert made.is_hpu
    assert not made.is_cpu
    assert str(made.cpu().device) == "cpu"
    assert "device='hpu:0'" in repr(made)


def test_the_default_device_can_be_hpu() -> None:
    with torch.device("hpu"):
        assert torch.ones(2).add(torch.zeros(2)).device.type == "hpu"


@pytest.mark.parametrize("device", ["hpu:1", "hpu:7"])
def test_there_is_only_card_0(device: str) -> None:
    for use in (
        lambda: torch.ones(2, device=device),
        lambda: torch.tensor([1.0], device=device),
        lambda: torch.randn(2, device=device),
        lambda: torch.empty_like(torch.ones(1), device=device),
        lambda: torch.ones(2).to(device),
        lambda: torch.ones(2, device="hpu").to(device),
        lambda: nn.Linear(2, 2).to(device),
        lambda: torch.Generator(device),
        lambda: torch.UntypedStorage(4, device=device),
        lambda: torch.hpu.set_device(device),
    ):
        with pytest.raises(RuntimeError, match="invalid device ordinal"):
            use()
    with torch.device(device), pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.ones(2)
    assert torch.hpu.device_count() == 1


@pytest.mark.parametrize(
    ("use", "devices"),
    [
        (lambda cpu, hpu: hpu + cpu, "hpu:0 and cpu"),
        (lambda cpu, hpu: cpu + hpu, "cpu and hpu:0"),
        (lambda cpu, hpu: hpu @ cpu, "hpu:0 and cpu"),
        (lambda cpu, hpu: torch.cat([hpu, cpu]), "hpu:0 and cpu"),
        (lambda cpu, hpu: nn.functional.linear(hpu, cpu), "hpu:0 and cpu"),
        (lambda cpu, hpu: cpu.add_(hpu), "cpu and hpu:0"),
        (lambda cpu, hpu: hpu.index_put_((torch.tensor([0]),), cpu[0]), "hpu:0 and cpu"),
        (lambda cpu, hpu: cpu[hpu.long()], "cpu and hpu:0"),
        (lambda cpu, hpu: torch.tensor(1.0).add_(hpu.sum()), "cpu and hpu:0"),
    ],
)
def test_mixed_devices_are_refused(use: Callable[[Tensor, Tensor], Tensor], devices: str) -> None:
    with pytest.raises(RuntimeError, match=f"{MIXED}, {devices}!"):
        use(torch.ones(2, 2), torch.ones(2, 2, device="hpu"))


def test_scalars_and_indices_may_come_from_the_cpu() -> None:
    on_hpu = torch.arange(4.0, device="hpu")

    assert (on_hpu * torch.tensor(2.0)).tolist() == [0, 2, 4, 6]
    assert on_hpu[torch.tensor([1, 3])].tolist() == [1, 3]
    assert on_hpu[torch.tensor([True, False, True, False])].tolist() == [0, 2]


def test_views_share_memory() -> None:
    base = torch.zeros(2, 3, device="hpu")
    base.t()[1].add_(1)
    base.view(-1)[5:].fill_(7)

    assert base.tolist() == [[0, 1, 0], [0, 1, 7]]
    assert base.t()._is_view()


def test_views_in_place() -> None:
    tensor = torch.arange(6.0, device="hpu").reshape(1, 2, 3)
    assert (tensor + 0).shape == (1, 2, 3)

    assert (tensor.squeeze_(0) + 0).shape == (2, 3)
    assert (tensor.t_() + 0).tolist() == [[0, 3], [1, 4], [2, 5]]
    assert (tensor.unsqueeze_(0).transpose_(0, 1) + 0).shape == (3, 1, 2)
    assert (tensor.as_strided_((2,), (1,)) + 0).tolist() == [0, 1]
    assert (tensor.resize_(3).fill_(1) + 0).tolist() == [1, 1, 1]


def test_out_is_resized_and_returned() -> None:
    out = torch.empty(0, device="hpu")
    result = torch.add(torch.ones(2, 3, device="hpu"), 1, out=out)

    assert result is out
    assert out.tolist() == [[2, 2, 2]] * 2
    values, indices = torch.empty(0, device="hpu"), torch.empty(0, dtype=torch.long, device="hpu")
    torch.topk(torch.tensor([1.0, 3.0, 2.0], device="hpu"), 2, out=(values, indices))
    assert (values + 0).tolist() == [3, 2]
    assert indices.tolist() == [1, 2]


def test_conj_and_neg_bits() -> None:
    tensor = torch.tensor([1 + 2j, 3 - 1j])
    on_hpu = tensor.to("hpu")

    assert on_hpu.conj().is_conj()
    assert torch.equal((on_hpu.conj() * on_hpu).cpu(), tensor.conj() * tensor)
    assert torch.equal(on_hpu.conj().imag.cpu(), tensor.conj().imag)
    assert torch.equal((on_hpu.conj().imag + 1).cpu(), tensor.conj().imag + 1)


def test_double_backward() -> None:
    def second(device: str) -> Tensor:
        torch.manual_seed(0)
        point = torch.randn(4, 3).to(device).requires_grad_()
        (first,) = torch.autograd.grad((point.tanh() @ point.t()).exp().sum(), point, create_graph=True)
        (again,) = torch.autograd.grad(first.pow(2).sum(), point)
        return again.cpu()

    assert torch.equal(second("hpu"), second("cpu"))


def test_gradients_reach_leaves_on_the_cpu() -> None:
    leaf = torch.ones(3, requires_grad=True)
    (leaf.to("hpu") * 2).sum().backward()

    assert leaf.grad is not None
    assert leaf.grad.device.type == "cpu"


def test_data_moves_a_parameter_and_keeps_it() -> None:
    layer = nn.Linear(2, 2)
    weight = layer.weight
    weight.data = weight.data.to("hpu")

    assert layer.weight is weight
    assert isinstance(weight, nn.Parameter)
    assert weight.device.type == "hpu"
    weight.data = torch.zeros(3, 3, device="hpu")
    assert (weight + 0).shape == (3, 3)


def test_modules_move_and_keep_their_parameters() -> None:
    layer = nn.Linear(2, 2)
    before = list(layer.parameters())

    for moved in (layer.hpu(), layer.cpu(), layer.to("hpu")):
        assert [a is b for a, b in zip(moved.parameters(), before, strict=True)] == [True, True]
    assert layer.weight.device.type == "hpu"


def test_storages_shrink_and_grow() -> None:
    tensor = torch.arange(4.0, device="hpu")
    storage = tensor.untyped_storage()
    storage.resize_(0)
    assert storage.nbytes() == 0
    storage.resize_(16)

    assert (tensor.fill_(2) + 1).tolist() == [3, 3, 3, 3]


def test_pinned_memory() -> None:
    pinned = torch.ones(2).pin_memory()

    assert pinned.is_pinned()
    assert not torch.ones(2).is_pinned()
    assert pinned.to("hpu", non_blocking=True).tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="cannot pin"):
        torch.ones(2, device="hpu").pin_memory()


def test_a_loader_pins_its_batches() -> None:
    loader = torch.utils.data.DataLoader(torch.arange(8.0), batch_size=4, pin_memory=True)

    assert [batch.is_pinned() for batch in loader] == [True, True]


def test_random_numbers_are_the_cpus() -> None:
    torch.manual_seed(3)
    expected = torch.randn(4)
    torch.hpu.manual_seed(3)
    assert torch.equal(torch.randn(4, device="hpu").cpu(), expected)

    state = torch.hpu.get_rng_state()
    first = torch.rand(3, device="hpu")
    torch.hpu.set_rng_state(state)
    assert torch.equal(torch.rand(3, device="hpu"), first)


def test_a_generator_of_the_device() -> None:
    generator = torch.Generator(device="hpu").manual_seed(5)
    drawn = torch.randn(3, generator=generator, device="hpu")

    assert generator.device == torch.device("hpu:0")
    assert isinstance(generator, torch.Generator)
    assert isinstance(torch.default_generator, torch.Generator)
    assert torch.equal(drawn.cpu(), torch.randn(3, generator=torch.Generator().manual_seed(5)))
    assert torch.Generator().device.type == "cpu"
    assert sorted(torch.randperm(4, generator=generator, device="hpu").tolist()) == [0, 1, 2, 3]


def test_fork_rng_restores_the_device() -> None:
    torch.hpu.manual_seed(0)
    expected = torch.rand(2, device="hpu")
    torch.hpu.manual_seed(0)
    with torch.random.fork_rng(device_type="hpu"):
        torch.rand(5, device="hpu")

    assert torch.equal(torch.rand(2, device="hpu"), expected)
