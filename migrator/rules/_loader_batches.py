"""Loops over the batches of a DataLoader, and the copies in them of what a batch holds to the device."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.file import File
from migrator.rules._batch_parts import batch_names, holds, is_builtin, names_around, names_in
from migrator.rules._device_target import is_device, target_of

LOADERS = frozenset({"torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader"})


@dataclass(frozen=True)
class BatchLoop:
    """A loop over DataLoaders: those that it may go over, and the names that hold a batch or a part of one."""

    node: ast.For
    loaders: frozenset[ast.Call]
    names: frozenset[str]
    file: File

    def copies(self) -> Iterator[ast.Call]:
        """The copies of a batch, or of a part of one, to the device."""
        for call in (node for statement in self.node.body for node in ast.walk(statement)):
            if isinstance(call, ast.Call) and is_copy(call, self.file) and self._holds_source(call):
                yield call

    def _holds_source(self, call: ast.Call) -> bool:
        source = call.func.value if isinstance(call.func, ast.Attribute) else None
        names = names_around(call, self.names, self.file)
        return source is not None and holds(source, names, self.file)


def batch_loop(node: ast.For, file: File) -> BatchLoop | None:
    """The loop, if it goes over a DataLoader, also through enumerate, tqdm and the like."""
    loaders, counted = _loaders(node.iter, file)
    target: ast.expr = node.target
    if counted:
        if not isinstance(target, ast.Tuple) or len(target.elts) != 2:
            return None
        target = target.elts[1]
    return BatchLoop(node, loaders, batch_names(node.body, names_in(target), file), file) if loaders else None


def _loaders(iterable: ast.expr, file: File) -> tuple[frozenset[ast.Call], bool]:
    """The DataLoaders that an iterable may be made of, and whether it counts the batches."""
    found: set[ast.Call] = set()
    waiting, seen, counted = [iterable], {iterable}, False
    while waiting:
        for call in file.makers(waiting.pop()):
            if file.called(call) & LOADERS:
                found.add(call)
            elif _passes_on(call, file) and call.args and call.args[0] not in seen:
                counted = counted or is_builtin(call.func, {"enumerate"}, file)
                seen.add(call.args[0])
                waiting.append(call.args[0])
    return frozenset(found), counted


def _passes_on(call: ast.Call, file: File) -> bool:
    """Whether a call gives the elements of its first argument one by one."""
    names = file.called(call)
    bar = any(name.startswith("tqdm.") and name.endswith(".tqdm") for name in names)
    return bar or "itertools.islice" in names or is_builtin(call.func, {"enumerate", "iter"}, file)


def is_copy(call: ast.Call, file: File) -> bool:
    """Whether a call is `x.to(device)` or `x.cuda()`."""
    if not isinstance(call.func, ast.Attribute) or file.called(call):
        return False
    target = target_of(call)
    if call.func.attr == "to":
        return target is not None and is_device(target, file)
    return call.func.attr == "cuda"
