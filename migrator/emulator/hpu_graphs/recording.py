"""What a capture keeps: each operator that touched the device, with the tensors it read and wrote.

A call is kept with detached views of its tensors as they were at the call, so that it finds the same sizes, strides
and memory when run again whatever became of the tensors since. Results are copied into the memory of the first
results, where later calls and the program look for them; past the version counter, since whoever saved a first result
for a backward pass gets the new one and its backward pass is a later call of the same graph.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from migrator.emulator.torch_private.eager import TorchDispatchMode, tree_flatten, tree_map_only

_logger = logging.getLogger(__name__)
# They give memory that holds nothing yet.
_EMPTY = ("aten::empty", "aten::new_empty")
# It updates its running statistics; the schema does not say so.
_BATCH_NORM = torch.ops.aten.native_batch_norm.default


@dataclass(frozen=True)
class Call:
    """One operator; `results` are its new tensors, `None` where it returned a written argument or no tensor."""

    operator: Any
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    results: tuple[Any, ...]

    def run(self) -> None:
        """Do it again. Raises `RuntimeError` when a result has another size than at the capture."""
        out = self.operator(*self.arguments, **self.named)
        for first, new in zip(self.results, _leaves(out), strict=True):
            if first is None:
                continue
            if first.shape != new.shape:
                now, then = tuple(new.shape), tuple(first.shape)
                raise RuntimeError(
                    f"{self.operator.name()} gives a tensor of {now}, at the capture {then}: an HPU graph cannot hold "
                    "operators the size of whose results depends on values"
                )
            first.data.copy_(new)


class Recorder(TorchDispatchMode):  # type: ignore[misc]
    """Runs operators and keeps those on device memory in `calls`, and what they wrote over in `before`."""

    def __init__(self, *, keep_before: bool) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.before: list[tuple[Any, Any]] = []
        self._keep_before = keep_before
        # By address, which is the same under both labels; kept alive so that no other storage takes it.
        self._made: dict[int, Any] = {}
        self._kept: set[int] = set()

    def __torch_dispatch__(self, operator: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
        """Called by torch for each operator, below autograd and autocast."""
        named = named or {}
        if self._keep_before:
            self._keep_written(operator, arguments, named)
        out = operator(*arguments, **named)
        if self._is_work(operator, arguments, named, out):
            self._keep(operator, arguments, named, out)
        return out

    def _is_work(self, operator: Any, arguments: Any, named: Any, out: Any) -> bool:
        if not any(map(self._on_device, _tensors((arguments, named, out)))):
            return False
        if operator is torch.ops.aten._local_scalar_dense.default:
            _logger.warning("the host reads a value while an HPU graph is captured; replays will not read it again")
            return False
        return not _is_metadata(operator) and not operator.name().startswith(_EMPTY)

    def _on_device(self, tensor: Any) -> bool:
        """Kernels that stand above dispatch call the CPU's operators on the device's bytes: they are its memory too."""
        storage = tensor.untyped_storage()
        return not tensor.is_cpu or "_hpu_storage" in storage.__dict__ or storage.data_ptr() in self._made

    def _keep(self, operator: Any, arguments: Any, named: Any, out: Any) -> None:
        given = _tensors((arguments, named))
        written = {id(each) for each in _written(operator, arguments, named)}
        results = [each if isinstance(each, Tensor) and id(each) not in written else None for each in _leaves(out)]
        from_device = any(not each.is_cpu for each in given)
        for each in results:
            # A copy on the host stays the host's.
            if each is not None and not (each.is_cpu and from_device):
                self._made[each.untyped_storage().data_ptr()] = each.untyped_storage()
        kept, kept_named = tree_map_only(Tensor, Tensor.detach, (arguments, named))
        self.calls.append(
            Call(operator, kept, kept_named, tuple(None if each is None else each.detach() for each in results))
        )

    def _keep_written(self, operator: Any, arguments: Any, named: Any) -> None:
        for tensor in _written(operator, arguments, named):
            storage = tensor.untyped_storage()
            address = storage.data_ptr()
            if self._on_device(tensor) and address not in self._made and address not in self._kept:
                self._kept.add(address)
                whole = torch.empty(0, dtype=torch.uint8, device=tensor.device).set_(storage)
                self.before.append((whole, whole.clone()))


def _leaves(value: Any) -> list[Any]:
    return list(tree_flatten(value)[0])


def _tensors(value: Any) -> list[Any]:
    return [each for each in _leaves(value) if isinstance(each, Tensor)]


def _is_metadata(operator: Any) -> bool:
    """Whether it moves no data: views and changes of sizes keep pointing where they do."""
    returns = operator._schema.returns
    views = (each.alias_info is not None and not each.alias_info.is_write for each in returns)
    return any(views) or torch.Tag.inplace_view in operator.tags or operator.name().startswith("aten::set_")


def _written(operator: Any, arguments: Any, named: Any) -> list[Any]:
    """The tensors among a call's arguments that it writes."""
    values = []
    for index, argument in enumerate(operator._schema.arguments):
        says_so = argument.alias_info is not None and argument.alias_info.is_write
        if says_so or (operator is _BATCH_NORM and argument.name.startswith("running_")):
            values.append(arguments[index] if index < len(arguments) else named.get(argument.name))
    return _tensors(values)
