"""Batches that other processes make, and tensors that go between processes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.multiprocessing
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset


@pytest.mark.parametrize(
    "options",
    [
        {"num_workers": 2, "persistent_workers": True},
        {"num_workers": 1, "multiprocessing_context": "spawn"},
        {"num_workers": 1, "pin_memory_device": "hpu"},
    ],
    ids=["persistent", "spawned", "pinned for hpu"],
)
@pytest.mark.filterwarnings("ignore:pin_memory_device is deprecated")
def test_loaders_with_workers(options: dict[str, Any]) -> None:
    loader = DataLoader(TensorDataset(torch.arange(8.0)), batch_size=4, pin_memory=True, **options)
    for _ in range(2):
        batches = [batch for (batch,) in loader]
        assert all(each.is_pinned() for each in batches)
        assert [each.to("hpu", non_blocking=True).sum().item() for each in batches] == [6, 22]


class OnTheDevice(torch.utils.data.Dataset[Tensor]):
    """A dataset that computes on the device in its worker, and hands over CPU tensors."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return torch.full((2,), float(index), device="hpu").mul(2).cpu()


def test_forked_workers_may_use_the_device() -> None:
    torch.ones(2, device="hpu", requires_grad=True).sum().backward()  # autograd's threads exist before the fork

    (batch,) = DataLoader(OnTheDevice(), batch_size=4, num_workers=1)
    assert batch[:, 0].tolist() == [0, 2, 4, 6]


def send(queue: Any, done: Any) -> None:
    queue.put(torch.full((3,), 2.0))
    done.wait()


def test_cpu_tensors_go_through_queues() -> None:
    context = torch.multiprocessing.get_context("fork")
    queue, done = context.Queue(), context.Event()
    child = context.Process(target=send, args=(queue, done))
    child.start()
    received = queue.get(timeout=60)
    done.set()
    child.join()

    assert received.tolist() == [2, 2, 2]
    assert received.is_shared()
