"""Advice: types that Gaudi does not compute with, or only little, in code that training runs. Changes nothing.

    probabilities.double()      torch.view_as_complex(x)      torch.sparse.mm(a, b)      nn.Embedding(n, d, sparse=True)

An operator that is not there for a type runs on the host: its inputs are copied there and its results back, in every
step. Told of once a statement, where training works on the device; of sparse gradients where the embedding is made.
Whether a narrower type is precise enough is for a person to say. What the model prepares once in `__init__` is none.
Source: https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Best_Practices_for_Model_Training_on_Gaudi.html;
https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/Device_Ops_Placement.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._device_code import device_code
from migrator.rules._limited_types import COMPLEX, DOUBLE, SPARSE, limited_type, sparse_gradients

_MESSAGE = "Gaudi has little or no support of {}: operators on them run on the host, with a copy there and back"
_SPARSE_GRADIENTS = "gradients of embeddings may be sparse tensors here, which Gaudi does not support"
_ADVICE = {
    DOUBLE: "Use float32, which bfloat16 autocast leaves to losses, and compare; or compute it on the host, once.",
    COMPLEX: "Keep real and imaginary parts, or cosines and sines, as two real tensors.",
    SPARSE: "Use a dense tensor, or gather the rows that are needed by index_select.",
}
_DENSE = "Make sparse=False, with an optimizer for dense gradients, or keep the table and its updates on the host."


class CpuFallback(Rule):
    """Advice about types that Gaudi does not have."""

    name = "cpu-fallback"
    kind = Kind.MODIFIED
    reason = "What the device does not have runs on the host."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/Device_Ops_Placement.html"
    needles = (b"ouble", b"float64", b"complex", b"cfloat", b"polar", b"sparse", b"Sparse", b"fft", b"stft")
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All of a file."""
        for call in file.index.calls:
            if sparse_gradients(call, file):
                yield self.finding(file, call, _SPARSE_GRADIENTS, _DENSE)
        told: set[tuple[ast.stmt, str]] = set()
        for found in device_code(file):
            needed = limited_type(found.node, file)
            if needed and (place := (file.statement(found.node), needed)) not in told:
                told.add(place)
                yield self.finding(file, found.node, _MESSAGE.format(needed), _ADVICE[needed])
