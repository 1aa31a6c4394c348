"""Advice: a batch size for training that was chosen for a GPU's memory. Changes nothing.

    parser.add_argument("--train_batch_size", default=32, type=int)

Small batches leave a card idle between kernels, and cards differ in memory. How large a batch may be, whether it counts
for one card or for all, and what becomes of learning rate and accumulation is for a person to say; so it is told of
once a file, at the default of the option, in a file that trains or whose parser has options of training beside it
(epochs, learning rate). Sizes for evaluation are none.
Source: https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Optimization_in_PyTorch_Models.html
(batch size); memory of the chips: Gaudi Architecture, and Intel's product pages
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Chip

_MEMORY = {Chip.GAUDI: 32, Chip.GAUDI2: 96, Chip.GAUDI3: 128}  # GB
_SIZE = re.compile(r"^--(?:\w+[-_])*(?:batch[-_]?size|bs|batch)(?:[-_](?:per|train|gpu|device)\w*)*$", re.IGNORECASE)
_NOT_TRAINING = re.compile(r"eval|test|valid|val[-_]|infer|predict|dev[-_]|bench|warm|max|min", re.IGNORECASE)
_TRAINING = re.compile(r"^--(?:\w+[-_])*(?:epochs?|lr|learning[-_]rate|max[-_]steps|weight[-_]decay)$", re.IGNORECASE)
_MESSAGE = "this batch size was chosen for another device: {chip} has {memory} GB of memory"
_ADVICE = (
    "Try the largest that fits. Take as many fewer steps of accumulation, so that an update stays of the same size;"
    " where it grows, learning rate and warm-up have to be chosen anew."
)


class BatchSize(Rule):
    """Advice about the default batch size, once a file."""

    name = "batch-size"
    kind = Kind.MODIFIED
    reason = "Larger batches keep the device busy."
    source = "https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Optimization_in_PyTorch_Models.html"
    needles = (b"add_argument",)
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All options of a file."""
        options = [(call, names) for call in file.index.calls if (names := _names(call))]
        trains = b".backward(" in file.source.text or any(_TRAINING.match(n) for _, names in options for n in names)
        sizes = [call for call, names in options if any(_is_size(name) for name in names) and _has_default(call)]
        for call in sizes[:1] if trains else ():
            chip = file.target.chip
            message = _MESSAGE.format(chip=chip.value, memory=_MEMORY[chip])
            yield self.finding(file, call, message, _ADVICE)


def _names(call: ast.Call) -> list[str]:
    """The spellings of an option."""
    is_option = isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
    texts = [a.value for a in call.args if isinstance(a, ast.Constant)] if is_option else []
    return [text for text in texts if isinstance(text, str) and text.startswith("-")]


def _is_size(name: str) -> bool:
    return bool(_SIZE.match(name)) and not _NOT_TRAINING.search(name)


def _has_default(call: ast.Call) -> bool:
    """Whether an option is a number where it is not given: `32`, `2**20`."""
    given = keyword(call, "default")
    parts = [n for n in ast.walk(given.value) if isinstance(n, ast.expr)] if given is not None else []
    numbers = [n for n in parts if isinstance(n, ast.Constant)]
    is_number = all(isinstance(n, (ast.Constant, ast.BinOp)) for n in parts)
    return bool(numbers) and is_number and all(type(n.value) is int for n in numbers)
