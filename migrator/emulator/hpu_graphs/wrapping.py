"""`wrap_in_hpu_graph`: one HPU graph for each kind of inputs, for inference.

As on the device, a graph's outputs are the same tensors at every call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from migrator.emulator.hpu_graphs.graph import HPUGraph, copy_into, graph
from migrator.emulator.hpu_graphs.keys import input_key
from migrator.emulator.torch_private.eager import tree_flatten, tree_map_only


@dataclass(frozen=True)
class CachedParams:
    """A captured graph with the tensors it reads and what it returns."""

    graph_inputs: list[Any]
    graph_outputs: Any
    graph: HPUGraph


def wrap_in_hpu_graph_func(
    func: Callable[..., Any],
    asynchronous: bool = False,
    disable_tensor_cache: bool = False,
    dry_run: bool = False,
    max_graphs: int | None = None,
    *,
    hash_with_views: bool = True,
) -> Callable[..., Any]:
    """The function, captured at its first call with each kind of inputs and replayed after.

    `max_graphs` bounds the graphs; further kinds run without one. `hash_with_views`: tensors of other strides are
    another kind. The other options have no effect. A call may say `bypass_hpu_graphs=True`, to run without a graph.
    """
    return _Wrapped(func, max_graphs, hash_with_views)


def wrap_in_hpu_graph(
    module: Any,
    asynchronous: bool = False,
    disable_tensor_cache: bool = False,
    dry_run: bool = False,
    max_graphs: int | None = None,
    *,
    hash_with_views: bool = True,
) -> Any:
    """The same for a module's forward. The module is changed and returned; its `clear_cache()` drops the graphs."""
    wrapped = _Wrapped(module.forward, max_graphs, hash_with_views)

    # A function, with the attributes of the method: programs look for its signature.
    @functools.wraps(module.forward)
    def forward(*args: Any, **kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    module.forward = forward
    module.clear_cache = wrapped.graphs.clear
    module.clear_inputs = wrapped.clear_inputs
    return module


class _Wrapped:
    def __init__(self, function: Callable[..., Any], max_graphs: int | None, views: bool) -> None:
        self.graphs: dict[Hashable, CachedParams] = {}
        self._function = function
        self._max_graphs = max_graphs
        self._views = views

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        warmup = kwargs.pop("warmup_mode", False)
        if kwargs.pop("bypass_hpu_graphs", False):
            return self._function(*args, **kwargs)
        kwargs.pop("cache_tensors_list", None)
        key = input_key((args, kwargs), views=self._views)
        cached = self.graphs.get(key)
        if cached is None:
            if self._max_graphs is not None and len(self.graphs) >= self._max_graphs:
                return self._function(*args, **kwargs)
            cached = self.graphs[key] = self._capture(args, kwargs)
        elif not warmup:
            copy_into(cached.graph_inputs, _tensors((args, kwargs)))
            cached.graph.replay()
        return cached.graph_outputs

    def clear_inputs(self) -> None:
        """Forget what replays were given."""
        for each in self.graphs.values():
            each.graph.clear_inputs()

    def _capture(self, args: Any, kwargs: Any) -> CachedParams:
        own_args, own_kwargs = tree_map_only(Tensor, _own, (args, kwargs))
        captured = HPUGraph()
        with graph(captured):
            outputs = self._function(*own_args, **own_kwargs)
        return CachedParams(_tensors((own_args, own_kwargs)), outputs, captured)


def _own(tensor: Any) -> Any:
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


def _tensors(value: Any) -> list[Any]:
    return [each for each in tree_flatten(value)[0] if isinstance(each, Tensor)]
