"""Checkpoints, copies and pickles of tensors on the device, and storages as Python handles them."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

LOCATIONS: list[tuple[Any, str, str]] = [
    (None, "hpu", "cpu"),
    ("cpu", "cpu", "cpu"),
    ("hpu", "hpu", "hpu"),
    ("hpu:0", "hpu", "hpu"),
    (torch.device("hpu"), "hpu", "hpu"),
    (torch.device("hpu", 0), "hpu", "hpu"),
    (torch.device("cpu"), "cpu", "cpu"),
    ({"hpu:0": "cpu"}, "cpu", "cpu"),
    ({"cpu": "hpu:0"}, "hpu", "hpu"),
    (lambda storage, location: storage, "cpu", "cpu"),
    (lambda storage, location: storage.hpu(), "hpu", "hpu"),
    (lambda storage, location: None, "hpu", "cpu"),
]


def saved(where: Any, *, zipped: bool) -> Any:
    base = torch.arange(6.0, device="hpu")
    value = {"hpu": base, "part": base[2:4], "cpu": torch.ones(2), "weight": nn.Parameter(torch.ones(1, device="hpu"))}
    torch.save(value, where, _use_new_zipfile_serialization=zipped)
    return where


def check(loaded: dict[str, Tensor], from_hpu: str, from_cpu: str) -> None:
    assert (loaded["hpu"].device.type, loaded["cpu"].device.type) == (from_hpu, from_cpu)
    assert loaded["hpu"].tolist() == [0, 1, 2, 3, 4, 5]
    loaded["hpu"][2] = 9
    assert (loaded["part"] + 0).tolist() == [9, 3]  # still one storage
    assert isinstance(loaded["weight"], nn.Parameter)


@pytest.mark.parametrize(("location", "from_hpu", "from_cpu"), LOCATIONS)
@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_checkpoints_load_anywhere(
    location: Any, from_hpu: str, from_cpu: str, weights_only: bool, zipped: bool
) -> None:
    file = saved(io.BytesIO(), zipped=zipped)
    file.seek(0)

    check(torch.load(file, map_location=location, weights_only=weights_only), from_hpu, from_cpu)


@pytest.mark.parametrize(("location", "from_hpu", "from_cpu"), LOCATIONS)
@pytest.mark.parametrize("weights_only", [True, False])
def test_checkpoints_are_mapped_into_memory(
    tmp_path: Path, location: Any, from_hpu: str, from_cpu: str, weights_only: bool
) -> None:
    file = saved(tmp_path / "checkpoint.pt", zipped=True)

    check(torch.load(file, map_location=location, weights_only=weights_only, mmap=True), from_hpu, from_cpu)


def test_checkpoints_from_cuda_move_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        torch.save(torch.arange(3.0), file)
    for location in ({"cuda:0": "hpu:0"}, {"cuda:0": "hpu"}, "hpu"):
        file.seek(0)
        assert torch.load(file, map_location=location).device == torch.device("hpu:0")
    file.seek(0)
    with pytest.raises(RuntimeError, match="CUDA"):
        torch.load(file)


def test_another_card_has_no_place_for_a_checkpoint() -> None:
    file = saved(io.BytesIO(), zipped=True)
    file.seek(0)
    with pytest.raises(RuntimeError, match=r"HPU device 1 but torch\.hpu\.device_count\(\) is 1"):
        torch.load(file, map_location="hpu:1")


def through_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


class Tagged(nn.Parameter):
    pass


class Typed(Tensor):
    def __new__(cls, data: Tensor) -> Typed:
        return data.as_subclass(cls)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, through_pickle])
@pytest.mark.parametrize("kind", [Tensor, nn.Parameter])
def test_copies_have_attributes_but_not_the_alias(duplicate: Callable[[Any], Any], kind: type) -> None:
    tensor = torch.arange(3.0, device="hpu")
    tensor = nn.Parameter(tensor) if kind is nn.Parameter else tensor
    tensor.note = [1]
    tensor.add(1)  # its alias is cached now
    made = duplicate(tensor)
    with torch.no_grad():
        made += 1

    assert (made.detach() + 0).tolist() == [1, 2, 3]
    assert tensor.tolist() == ([1, 2, 3] if duplicate is copy.copy else [0, 1, 2])
    assert type(made) is kind
    if not (kind is nn.Parameter and duplicate is copy.deepcopy):  # there torch drops them on every device
        assert made.note == [1]


@pytest.mark.parametrize("duplicate", [copy.copy, through_pickle])
@pytest.mark.parametrize("kind", [Typed, Tagged])
def test_subclasses(duplicate: Callable[[Any], Any], kind: type) -> None:
    def copied(device: str) -> tuple[type, list[float], object]:
        tensor = kind(torch.arange(3.0, device=device))
        tensor.note = 1
        tensor.add(1)
        made = duplicate(tensor)
        return type(made), made.add(1).tolist(), made.note

    assert copied("hpu") == copied("cpu")


def test_a_dictionary_of_attributes_can_be_given_to_another_tensor() -> None:
    source, target = torch.ones(3, device="hpu"), torch.zeros(2, device="hpu")
    source.note = "n"
    source.add(1), target.add(1)
    target.__dict__.update(source.__dict__)
    assert target.note == "n"
    assert target.add(1).tolist() == [1, 1]

    source.add(1)
    other = torch.zeros(1, device="hpu")
    other.__dict__ = dict(vars(source))
    assert other.add(1).tolist() == [1]
    assert list(vars(source)) == ["note"]


def test_modules_with_shared_parameters_and_their_optimizer() -> None:
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    second.weight = first.weight
    model = nn.ModuleList([first, second]).to("hpu")
    optimizer = torch.optim.AdamW(model.parameters())
    model[0](torch.ones(1, 2, device="hpu")).sum().backward()
    optimizer.step()
    for made, optim in (copy.deepcopy((model, optimizer)), through_pickle((model, optimizer))):
        assert made[0].weight is made[1].weight
        assert optim.param_groups[0]["params"][0] is made[0].weight
        state = optim.state[made[0].weight]
        assert state["exp_avg"].is_hpu
        made[0].weight.data.zero_()
        state["exp_avg"].zero_()

    assert optimizer.state[model[0].weight]["exp_avg"].abs().sum() > 0
    assert model[0].weight.abs().sum() > 0


def test_an_optimizers_checkpoint_goes_where_its_parameters_are() -> None:
    layer = nn.Linear(2, 2).to("hpu")
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2, device="hpu")).sum().backward()
    optimizer.step()
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    again = torch.optim.AdamW(layer.parameters())
    again.load_state_dict(torch.load(file, map_location="cpu"))

    assert again.state[layer.weight]["exp_avg"].is_hpu
    assert torch.equal(again.state[layer.weight]["exp_avg"], optimizer.state[layer.weight]["exp_avg"])


def test_storages_as_python_handles_them() -> None:
    storage = torch.arange(4.0, device="hpu").untyped_storage()
    part = storage[4:8]
    part[3] = 64

    assert part.device == storage.device == storage.new().device == torch.device("hpu:0")
    assert storage.tolist()[4:8] == part.tolist() == [0, 0, 128, 64]
    assert torch.empty(0, device="hpu").set_(part).tolist() == [4.0]
    assert storage.clone().fill_(0).tolist() == [0] * 16
    assert torch.UntypedStorage(16, device="hpu").copy_(storage).tolist() == storage.tolist()
    assert storage.cpu().device.type == "cpu"
    assert copy.deepcopy(storage).is_hpu
    with pytest.raises(TypeError, match="only CPU memory can be pinned"):
        storage.pin_memory()


def test_numpy_and_dlpack_need_the_host() -> None:
    tensor = torch.ones(2, device="hpu")

    assert tensor.numpy(force=True).tolist() == [1, 1]
    with pytest.raises(TypeError, match="can't convert hpu:0 device type tensor to numpy"):
        tensor.numpy()
    with pytest.raises(ValueError, match="Unknown device type hpu for Dlpack"):
        torch.from_dlpack(tensor)


def test_sharing_with_other_processes() -> None:
    assert torch.ones(2).share_memory_().is_shared()
    kept = torch.ones(2, device="hpu")
    assert kept.share_memory_() is kept  # as for every device but the CPU
