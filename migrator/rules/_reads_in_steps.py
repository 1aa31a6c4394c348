"""Waiting for the device in every step of training that is left for a person."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set

from migrator.core.file import File
from migrator.rules._host_memory import Loop
from migrator.rules._host_values import host_read, is_tensor
from migrator.rules._steps_of_training import every_step

ADVICE = (
    "Read it only where it is logged (if step % N == 0), or keep .detach() on the device and read all numbers of an"
    " interval in one copy. If it decides what is done, let the device decide: torch.where, or a factor of 0 or 1."
)
_TIMING = "If it is there for timing, time whole intervals, and wait once at the end of each."
_COPIES = frozenset({"cpu", "tolist", "numpy"})
_WAITS = frozenset({"torch.cuda.synchronize", "torch.hpu.synchronize", "habana_frameworks.torch.hpu.synchronize"})
Spot = tuple[ast.AST, str, str]


def reads_in_steps(loops: Sequence[Loop], told: Set[ast.stmt], file: File) -> Iterator[Spot]:
    """The reads of the device in every step, but for the statements that are `told` of already; one a statement."""
    seen = set(told)
    for loop in loops:
        for node in every_step(loop, file):
            if _reads(node, loop, file) and (statement := file.statement(node)) not in seen:
                seen.add(statement)
                yield node, "the host waits for the device in every step, to read this", ADVICE


def waits_in_steps(loops: Sequence[Loop], file: File) -> Iterator[Spot]:
    """Calls in every step that only wait for the device."""
    seen: set[ast.AST] = set()
    for loop in loops:
        for node in every_step(loop, file):
            if node not in seen and isinstance(node, ast.Call) and file.called(node) & _WAITS:
                seen.add(node)
                yield node, "the host waits for the device in every step", _TIMING


def _reads(node: ast.AST, loop: Loop, file: File) -> bool:
    read = host_read(node, file)
    if read is not None and (read.by_item or read.is_of_tensor(loop, file)):
        return not _is_on_host(read.tensor, file)
    func = node.func if isinstance(node, ast.Call) else None
    is_copy = isinstance(func, ast.Attribute) and func.attr in _COPIES and not file.names(func)
    return is_copy and isinstance(func, ast.Attribute) and is_tensor(func.value, loop, file)


def _is_on_host(tensor: ast.expr, file: File) -> bool:
    """Whether a value is NumPy's."""
    return any(name.startswith("numpy.") for name in file.origins(tensor))
