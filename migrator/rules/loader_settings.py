"""DataLoaders whose batches go to the device put them into pinned memory.

    DataLoader(data, batch_size=32)  ->  DataLoader(data, batch_size=32, pin_memory=True)

For loaders that a loop of the file goes over and whose batches it copies to the device. torch before 2.7 pins for CUDA
alone unless it is told the device, so there `pin_memory_device="hpu"` is added as well, also wherever `pin_memory=True`
is written already; newer torch pins for the accelerator that it finds, and from 2.9 on warns about the argument. An
explicit `pin_memory=False` stays. Pinning changes no value.

Advice only: workers, whose number depends on the machine, and the last batch of an epoch, whose other size is another
graph to compile; `drop_last` and padding change what is trained on. Nothing is said of it where a function that is
not torch's gets the batch and gives another in its place (`batch = fill_up(batch, rows)`): it may give it its size.
Source: https://docs.pytorch.org/docs/2.13/data.html; https://github.com/pytorch/pytorch/pull/131858 (the device that is
there, first in 2.7); HabanaAI/Model-References 1.6.1 (both arguments, in torchvision's classification)
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._batch_parts import is_builtin, names_in
from migrator.rules._collation import argument, is_readable
from migrator.rules._device_data import makes_device_tensors
from migrator.rules._host_memory import calls_backward
from migrator.rules._loader_batches import LOADERS, batch_loop

# The first torch that pins for the accelerator that there is: the change was reviewed until the end of 2024, after 2.6
# was branched. A device that is named is heeded before 2.9, and ignored with a warning from then on.
_ANY_ACCELERATOR = (2, 7)
_BUILTINS = frozenset(dir(builtins))
_DEVICE = 'pin_memory_device="hpu"'


class LoaderSettings(Rule):
    """pin_memory=True for loaders whose batches are copied to the device."""

    name = "loader-settings"
    kind = Kind.MODIFIED
    reason = "The device copies from pinned memory directly, and while the host goes on."
    source = "https://docs.pytorch.org/docs/2.13/data.html"
    needles = (b"DataLoader",)
    nodes = (ast.For, ast.Call)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A loop that copies batches to the device, or a loader that pins memory already."""
        if isinstance(node, ast.Call) and file.called(node) & LOADERS and is_readable(node):
            if _is(argument(node, "pin_memory"), True):
                yield from self._pinned(node, file)
            return
        loop = batch_loop(node, file) if isinstance(node, ast.For) else None
        if loop is None or not any(True for _ in loop.copies()):
            return
        for loader in sorted(loop.loaders, key=lambda call: (call.lineno, call.col_offset)):
            if not is_readable(loader):
                advice = "Set pin_memory=True and num_workers where the arguments are put together."
                yield self.finding(file, loader, "the arguments of the loader are passed by * or **", advice)
                continue
            yield from self._pinned(loader, file)
            yield from self._advice(loader, loop.node, file)

    def _pinned(self, loader: ast.Call, file: File) -> Iterator[Fix | Finding]:
        given = argument(loader, "pin_memory")
        says_device = file.target.release.torch_version >= _ANY_ACCELERATOR or keyword(loader, "pin_memory_device")
        missing = [*([] if given is not None else ["pin_memory=True"]), *([] if says_device else [_DEVICE])]
        if _is(given, False) or not missing:
            return
        if given is not None and not _is(given, True):
            advice = f"Add {_DEVICE} where pinning is on: torch {file.target.release.torch} pins for CUDA without it."
            yield self.finding(file, loader, "whether the loader pins memory is decided elsewhere", advice)
        elif makes_device_tensors(loader, file):
            advice = "Only tensors of the host can be pinned: add pin_memory=True if its data is there."
            yield self.finding(file, loader, "what the loader reads may be on the device already", advice)
        else:
            yield self.fix([add_argument(file, loader, ", ".join(missing))])

    def _advice(self, loader: ast.Call, loop: ast.For, file: File) -> Iterator[Finding]:
        workers = argument(loader, "num_workers")
        if workers is None or _is(workers, 0):
            advice = "Measure num_workers=2 and more; random changes of samples then draw from the workers' seeds."
            yield self.finding(file, loader, "the training process itself prepares the batches", advice)
        sized = argument(loader, "batch_sampler") is not None or argument(loader, "drop_last") is not None
        if calls_backward(loop) and not sized and not _is_exchanged(loop, file):
            advice = (
                "drop_last=True, or a last batch padded to the size of the others, saves compiling another graph; "
                "both change what is trained on."
            )
            yield self.finding(file, loader, "the last batch of an epoch may have another size", advice)


def _is_exchanged(loop: ast.For, file: File) -> bool:
    """Whether the loop calls `batch = function(batch, ...)` with a function that is neither torch's nor Python's."""
    taken = names_in(loop.target)
    for node in (node for statement in loop.body for node in ast.walk(statement)):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        call = node.value
        is_own = not is_builtin(call.func, _BUILTINS, file) and not any(
            n.startswith("torch.") for n in file.called(call)
        )
        targets = frozenset[str]().union(*map(names_in, node.targets))
        given = {a.id for a in call.args if isinstance(a, ast.Name)}
        if is_own and given & targets & taken:
            return True
    return False


def _is(given: ast.expr | None, value: object) -> bool:
    """Whether an argument is written as that constant."""
    return isinstance(given, ast.Constant) and given.value == value and type(given.value) is type(value)
