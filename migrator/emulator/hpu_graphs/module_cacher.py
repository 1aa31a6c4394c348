"""`ModuleCacher`: a module's training passes as HPU graphs, one pair for each kind of inputs."""

from __future__ import annotations

import copy
import functools
import inspect
import logging
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any

import torch
from torch import Tensor

from migrator.emulator.hpu_graphs.callables import GraphedFunction
from migrator.emulator.hpu_graphs.keys import input_key
from migrator.emulator.profile import current
from migrator.emulator.torch_private.eager import tree_flatten, tree_unflatten

_logger = logging.getLogger(__name__)
_PARALLEL = (torch.nn.parallel.DataParallel, torch.nn.parallel.DistributedDataParallel)


class ModuleCacher:
    """Holds at most `max_graphs` pairs; other kinds of inputs, and evaluation, run without."""

    def __init__(self, max_graphs: int = 10) -> None:
        self.max_graphs = max_graphs
        self._captured: dict[Hashable, Callable[..., Any]] = {}
        self._seen: Counter[Hashable] = Counter()
        self._counting = False
        self._chosen: set[Hashable] | None = None
        self._calls = 0
        self._tracing = False

    def __call__(  # noqa: PLR0913, PLR0917 - Gaudi's signature
        self,
        model: Any,
        use_lfu: bool = False,
        inplace: bool = True,
        allow_unused_input: bool = False,
        asynchronous: bool = False,
        have_grad_accumulation: bool = False,
        log_frequency: int = 100,
        verbose: bool = False,
        disable_tensor_cache: bool = False,
        dry_run: bool = False,
    ) -> Any:
        """The model (a copy of it unless `inplace`) with a forward that captures and replays.

        `use_lfu`: only the kinds of inputs seen most between the model's `capture_start()` and `capture_end()`.
        `verbose` logs every `log_frequency` calls. The options not named here have no effect. Raises `RuntimeError`
        for a model in DistributedDataParallel, which has to come after.
        """
        if isinstance(model, _PARALLEL):
            raise RuntimeError("use DistributedDataParallel only after ModuleCacher")
        self._model = model if inplace else copy.copy(model)
        self._forward = self._model.forward
        self._signature = inspect.signature(self._forward)
        self._unused = allow_unused_input
        self._chosen = set() if use_lfu else None
        self._log_every = log_frequency if verbose else 0
        self._model.orig_forward = self._forward
        self._model.forward = self._replaced()
        self._model.is_hpugraph_tracing = lambda: self._tracing
        self._model.set_iteration_count = lambda iter_num: None
        self._model.capture_start, self._model.capture_end = self._start_counting, self._stop_counting
        return self._model

    def _replaced(self) -> Callable[..., Any]:
        # A function, with the attributes of the method: programs look for its signature.
        @functools.wraps(self._forward)
        def forward(*args: Any, **kwargs: Any) -> Any:
            return self._run(*args, **kwargs)

        return forward

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        self._calls += 1
        if self._log_every and self._calls % self._log_every == 0:
            _logger.info("ModuleCacher: %d graphs after %d calls", len(self._captured), self._calls)
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if not (self._model.training and torch.is_grad_enabled() and current().lazy):
            return self._forward(*args, **kwargs)
        key = input_key((bound.args, bound.kwargs))
        if self._counting:
            self._seen[key] += 1
            return self._forward(*args, **kwargs)
        if key not in self._captured:
            if len(self._captured) >= self.max_graphs or (self._chosen is not None and key not in self._chosen):
                return self._forward(*args, **kwargs)
            self._captured[key] = self._capture(bound.args, bound.kwargs)
        return self._captured[key](bound.args, bound.kwargs)

    def _start_counting(self) -> None:
        self._counting = True

    def _stop_counting(self) -> None:
        self._counting = False
        self._chosen = {key for key, _ in self._seen.most_common(self.max_graphs)}
        self._seen.clear()

    def _capture(self, args: Any, kwargs: Any) -> Callable[..., Any]:
        leaves, structure = tree_flatten((args, kwargs))
        returned: list[Any] = []

        def on_tensors(*tensors: Any) -> Any:
            given = iter(tensors)
            filled = [next(given) if isinstance(each, Tensor) else each for each in leaves]
            new_args, new_kwargs = tree_unflatten(filled, structure)
            returned[:] = tree_flatten(self._forward(*new_args, **new_kwargs))
            return _tensors(returned[0])

        self._tracing = True
        try:
            captured = GraphedFunction(
                on_tensors, _tensors(leaves), list(self._model.parameters()), unused=self._unused
            )
        finally:
            self._tracing = False

        def replay(args: Any, kwargs: Any) -> Any:
            outputs = iter(captured(*_tensors(tree_flatten((args, kwargs))[0])))
            filled = [next(outputs) if isinstance(each, Tensor) else each for each in returned[0]]
            return tree_unflatten(filled, returned[1])

        return replay


def _tensors(leaves: Any) -> list[Any]:
    return [each for each in leaves if isinstance(each, Tensor)]
