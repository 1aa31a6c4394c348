"""HPU graphs: replayed results are those of running the operators again, training included."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import habana_frameworks.torch as ht


def randn(*size: int, seed: int = 0) -> Any:
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed)).to("hpu")


def block(dropout: float = 0.0) -> Any:
    torch.manual_seed(0)
    return nn.TransformerEncoderLayer(8, 2, 16, dropout=dropout, batch_first=True).to("hpu")


def captured(function: Callable[[], Any], **options: Any) -> tuple[Any, Any]:
    held = ht.hpu.HPUGraph()
    with ht.hpu.graph(held, **options):
        out = function()
    return held, out


def test_a_replay_reads_the_inputs_memory_and_writes_the_outputs() -> None:
    x = torch.zeros(3, device="hpu")
    held, out = captured(lambda: (x + 1).relu() * 2)
    address = out.data_ptr()

    x.copy_(torch.tensor([1.0, -5.0, 2.0]))
    held.replay()

    assert out.tolist() == [4.0, 0.0, 6.0]
    assert out.data_ptr() == address


def test_views_and_changes_of_sizes_in_place_are_replayed_as_they_were() -> None:
    x = torch.arange(6.0, device="hpu")

    def work() -> Any:
        y = x * 1
        first = y + 1
        y.unsqueeze_(0)
        y[:, ::2].mul_(10)
        return first, y.t().contiguous()

    held, (first, turned) = captured(work)
    x.add_(1)
    held.replay()

    assert first.tolist() == [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert turned.flatten().tolist() == [10.0, 2.0, 30.0, 4.0, 50.0, 6.0]


def test_writes_to_out_arguments_and_lists_are_replayed() -> None:
    x, total = torch.ones(2, device="hpu"), torch.empty(0, device="hpu")
    pair = [torch.zeros(2, device="hpu"), torch.zeros(2, device="hpu")]

    def work() -> None:
        torch.add(x, x, out=total)
        torch._foreach_add_(pair, [x, total])

    held, _ = captured(work)
    x.fill_(3)
    held.replay()

    assert total.tolist() == [6.0, 6.0]
    assert [each.tolist() for each in pair] == [[4.0, 4.0], [8.0, 8.0]]


def test_layers_that_run_above_dispatch_are_replayed() -> None:
    torch.manual_seed(0)
    lstm = nn.LSTM(4, 4).to("hpu")
    x, other = randn(3, 2, 4), randn(3, 2, 4, seed=1)
    with torch.no_grad():
        expected = lstm(other)[0]
        held, (out, _) = captured(lambda: lstm(x))
        x.copy_(other)
        held.replay()

    assert torch.equal(out, expected)


def test_work_of_the_host_is_not_replayed() -> None:
    x, steps = torch.ones(2, device="hpu"), torch.zeros(1)
    host = torch.zeros(2)

    def work() -> None:
        steps.add_(1)
        host.copy_(x * 2)

    held, _ = captured(work)
    x.fill_(4)
    held.replay()

    assert steps.item() == 1
    assert host.tolist() == [8.0, 8.0]


def test_a_host_read_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    x = torch.ones(1, device="hpu")

    with caplog.at_level(logging.WARNING):
        held, out = captured(lambda: x + x.item())
    x.fill_(5)
    held.replay()

    assert "replays will not read it again" in caplog.text
    assert out.item() == 6.0


def test_random_numbers_are_drawn_anew() -> None:
    x = torch.ones(64, device="hpu")
    held, out = captured(lambda: nn.functional.dropout(x, 0.5))
    first = out.clone()
    torch.manual_seed(7)
    held.replay()
    torch.manual_seed(7)

    assert torch.equal(out, nn.functional.dropout(x, 0.5))
    assert not torch.equal(out, first)


def test_autocast_around_a_replay_changes_nothing() -> None:
    x, w = randn(4, 4), randn(4, 4, seed=1)
    held, out = captured(lambda: x @ w)
    first = out.clone()
    with torch.autocast("hpu", torch.bfloat16):
        held.replay()

    assert torch.equal(out, first)


def test_a_dry_run_leaves_memory_and_random_numbers_as_they_were() -> None:
    x, seen = torch.ones(3, device="hpu"), torch.zeros(3, device="hpu")
    state = torch.get_rng_state()

    held, _ = captured(lambda: seen.add_(x).add_(torch.rand(3, device="hpu") * 0), dry_run=True)

    assert seen.tolist() == [0.0, 0.0, 0.0]
    assert torch.equal(torch.get_rng_state(), state)
    held.replay()
    assert seen.tolist() == [1.0, 1.0, 1.0]


def test_results_of_another_size_are_an_error() -> None:
    x = torch.tensor([1.0, 0.0, 2.0], device="hpu")
    held, _ = captured(x.nonzero)
    x.zero_()

    with pytest.raises(RuntimeError, match=r"aten::nonzero gives a tensor of \(0, 1\), at the capture \(2, 1\)"):
        held.replay()


def test_a_whole_training_step_is_replayed() -> None:
    def train(model: Any, batches: list[Any], graphed: bool) -> list[float]:
        optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
        static = batches[0].clone()

        def step() -> Any:
            optimizer.zero_grad(set_to_none=False)
            loss = model(static).square().mean()
            loss.backward()
            optimizer.step()
            return loss

        held: Any = None
        losses = []
        for index, batch in enumerate(batches):
            static.copy_(batch)
            if graphed and index == 2:  # momentum buffers and gradients exist by then
                held, loss = captured(step)
            elif held is not None:
                held.replay()
            else:
                loss = step()
            losses.append(loss.item())
        return losses

    model = block()
    batches = [randn(2, 5, 8, seed=seed) for seed in range(6)]

    assert train(copy.deepcopy(model), batches, True) == train(copy.deepcopy(model), batches, False)


def test_misuse_is_an_error() -> None:
    held = ht.hpu.HPUGraph()

    with pytest.raises(RuntimeError, match="nothing was captured"):
        held.replay()
    with pytest.raises(RuntimeError, match="no HPU graph is being captured"):
        held.capture_end()
    with ht.hpu.graph(held):
        assert ht.hpu.is_current_stream_capturing()
        with pytest.raises(RuntimeError, match="captured already"):
            ht.hpu.HPUGraph().capture_begin()
    assert not ht.hpu.is_current_stream_capturing()


def test_marked_inputs_are_filled() -> None:
    x, y = torch.zeros(2, device="hpu"), torch.zeros(2, device="hpu")
    held = ht.hpu.HPUGraph()
    held.mark_user_inputs([x, y])
    with ht.hpu.graph(held):
        out = x - y

    held.replayV3([torch.full((2,), 5.0, device="hpu"), torch.ones(2, device="hpu")])

    assert out.tolist() == [4.0, 4.0]
    assert held.get_user_input_match_indices() == [0, 1]
    with pytest.raises(RuntimeError, match=r"captured for tensors of .*was given"):
        held.replayV3([x])


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.runs = 0
        self.inner = nn.Linear(4, 4)

    def forward(self, x: Any, *, scale: float = 1.0, extra: Any = None) -> dict[str, Any]:
        self.runs += 1
        y = self.inner(x) * scale
        return {"y": y if extra is None else y + extra["bias"], "name": "out"}


def test_a_wrapped_module_runs_once_for_each_kind_of_inputs() -> None:
    torch.manual_seed(0)
    model = Counting().to("hpu").eval()
    plain = copy.deepcopy(model)
    wrapped = ht.hpu.wrap_in_hpu_graph(model, asynchronous=True, disable_tensor_cache=True, hash_with_views=False)
    bias = torch.ones(4, device="hpu")

    with torch.no_grad():
        for rows, scale in ((2, 1.0), (3, 1.0), (2, 2.0), (2, 1.0), (3, 1.0)):
            x = randn(rows, 4, seed=rows)
            kept = x.clone()
            out = wrapped(x, scale=scale, extra={"bias": bias})
            assert torch.equal(out["y"], plain(x, scale=scale, extra={"bias": bias})["y"])
            assert out["name"] == "out"
            assert torch.equal(x, kept)

    assert model.runs == 3
    wrapped.clear_cache()
    wrapped(randn(2, 4))
    assert model.runs == 4


def test_outputs_of_a_wrapped_function_are_the_same_tensors_each_time() -> None:
    wrapped = ht.hpu.wrap_in_hpu_graph_func(lambda x: x * 2)

    first = wrapped(torch.ones(2, device="hpu"))
    second = wrapped(torch.full((2,), 5.0, device="hpu"))

    assert first is second
    assert first.tolist() == [10.0, 10.0]


def test_max_graphs_and_bypass_run_without_a_graph() -> None:
    runs = []
    wrapped = ht.hpu.wrap_in_hpu_graph_func(lambda x: runs.append(x.shape[0]) or x + 1, max_graphs=1)
    for rows in (1, 2, 1, 2):
        assert wrapped(torch.zeros(rows, device="hpu")).tolist() == [1.0] * rows
    wrapped(torch.zeros(1, device="hpu"), bypass_hpu_graphs=True)

    assert runs == [1, 2, 2, 1]


def test_strides_make_another_kind_unless_told_otherwise() -> None:
    x = randn(3, 3)
    for views, expected in ((True, 2), (False, 1)):
        runs = []
        wrapped = ht.hpu.wrap_in_hpu_graph_func(lambda x, r=runs: r.append(1) or x + 1, hash_with_views=views)
        assert torch.equal(wrapped(x), x + 1)
        assert torch.equal(wrapped(x.t()), x.t() + 1)
        assert len(runs) == expected


def losses_of(model: Any, steps: int = 6, *, accumulate: int = 1) -> list[Any]:
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    found: list[Any] = []
    for step in range(steps):
        torch.manual_seed(step)
        out = model(randn(2 + step % 2, 5, 8, seed=step))
        loss = out.square().mean()
        loss.backward()
        found.append(loss.item())
        if step % accumulate == accumulate - 1:
            optimizer.step()
            optimizer.zero_grad()
    return [*found, *(each.detach().cpu() for each in model.parameters())]


def same(left: list[Any], right: list[Any]) -> bool:
    return all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("dropout", [0.0, 0.2])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_module_cacher_trains_as_without(dropout: float, accumulate: int) -> None:
    model = block(dropout)
    plain = copy.deepcopy(model)
    cached = ht.hpu.ModuleCacher(max_graphs=10)(model=model, inplace=True, have_grad_accumulation=accumulate > 1)

    assert same(losses_of(cached, accumulate=accumulate), losses_of(plain, accumulate=accumulate))


def test_module_cacher_keeps_running_statistics_right() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).to("hpu")
    plain = copy.deepcopy(model)
    cached = ht.hpu.ModuleCacher()(model=model, allow_unused_input=True)
    for seed in range(3):
        for each in (cached, plain):
            each(randn(2, 3, 6, 6, seed=seed)).sum().backward()

    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), plain.state_dict().values(), strict=True))
    assert model[1].num_batches_tracked.item() == 3
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(model.parameters(), plain.parameters(), strict=True))


def test_module_cacher_holds_so_many_and_evaluates_without() -> None:
    torch.manual_seed(0)
    model = Counting().to("hpu").train()
    cached = ht.hpu.ModuleCacher(max_graphs=1)(model=model)
    for rows in (2, 2, 3, 3, 2):
        cached(randn(rows, 4))["y"].sum().backward()
    assert model.runs == 3  # one capture, and twice the kind beyond the first

    model.eval()
    cached(randn(2, 4))
    assert model.runs == 4


def test_module_cacher_can_choose_by_frequency() -> None:
    model = Counting().to("hpu").train()
    cached = ht.hpu.ModuleCacher(max_graphs=1)(model=model, use_lfu=True)
    cached.capture_start()
    for rows in (2, 3, 3):
        cached(randn(rows, 4))
    cached.capture_end()
    model.runs = 0
    for rows in (3, 3, 2, 2):
        cached(randn(rows, 4))

    assert model.runs == 3


def test_a_backward_pass_after_another_forward_pass_is_an_error() -> None:
    cached = ht.hpu.ModuleCacher()(model=block())
    first = cached(randn(2, 5, 8)).sum()
    cached(randn(2, 5, 8, seed=1))

    with pytest.raises(RuntimeError, match="came after another forward pass"):
        first.backward()


def test_an_output_that_was_overwritten_before_backward_is_an_error() -> None:
    cached = ht.hpu.ModuleCacher()(model=block())
    loss = cached(randn(2, 5, 8)).square().sum()
    cached(randn(2, 5, 8, seed=1))

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_graphed_callables_have_eager_gradients() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 4), nn.Tanh()).to("hpu")
    plain = copy.deepcopy(module)
    graphed, product = ht.hpu.make_graphed_callables(
        (module, lambda x, y: (x * y, x.detach())),
        ((randn(2, 4).requires_grad_(),), (randn(2, 4).requires_grad_(), randn(2, 4))),
    )
    x, y = randn(2, 4, seed=3).requires_grad_(), randn(2, 4, seed=4)
    grads = []
    for function, multiply in ((graphed, product), (plain, lambda x, y: (x * y, x.detach()))):
        x.grad = None
        out, kept = multiply(function(x), y)
        out.sum().backward()
        grads.append([x.grad.clone(), kept.clone()])

    assert same(*grads)
    assert same([each.grad for each in module.parameters()], [each.grad for each in plain.parameters()])
    assert torch.equal(graphed.eval()(x), plain(x))


def test_what_cannot_be_captured_is_an_error() -> None:
    hooked = nn.Linear(2, 2).to("hpu")
    hooked.register_forward_hook(lambda *_: None)

    with pytest.raises(RuntimeError, match="hooks"):
        ht.hpu.make_graphed_callables(hooked, (randn(1, 2),))
    with pytest.raises(RuntimeError, match="takes tensors"):
        ht.hpu.make_graphed_callables(lambda x: x, (1,))
    with pytest.raises(RuntimeError, match="only after ModuleCacher"):
        ht.hpu.ModuleCacher()(model=nn.DataParallel(nn.Linear(2, 2)))
