"""Uses of what Gaudi computes on the host or not at all: float64, complex numbers, sparse tensors."""

from __future__ import annotations

import ast

from migrator.core.edit_arguments import keyword
from migrator.core.file import File
from migrator.rules._tensor_values import is_of_numpy

DOUBLE, COMPLEX, SPARSE = "float64", "complex numbers", "sparse tensors"
_DTYPES = {
    **dict.fromkeys(("torch.float64", "torch.double", "torch.DoubleTensor", "torch.hpu.DoubleTensor"), DOUBLE),
    **dict.fromkeys((f"torch.{name}" for name in ("complex64", "complex128", "cfloat", "cdouble", "chalf")), COMPLEX),
}
_METHODS = {"double": DOUBLE, "cfloat": COMPLEX, "cdouble": COMPLEX, "to_sparse": SPARSE, "to_sparse_csr": SPARSE}
_CALLS = {
    **dict.fromkeys((f"torch.{name}" for name in ("complex", "polar", "view_as_complex", "stft", "istft")), COMPLEX),
    **dict.fromkeys((f"torch.{name}" for name in ("sparse_coo_tensor", "sparse_csr_tensor")), SPARSE),
}
_MODULES = {"torch.fft.": COMPLEX, "torch.sparse.": SPARSE}
_EMBEDDINGS = frozenset(
    {
        *("torch.nn.Embedding", "torch.nn.Embedding.from_pretrained", "torch.nn.functional.embedding"),
        *("torch.nn.EmbeddingBag", "torch.nn.EmbeddingBag.from_pretrained", "torch.nn.functional.embedding_bag"),
    }
)


def limited_type(node: ast.AST, file: File) -> str:
    """What a type or a call on the device needs that Gaudi has not; an empty string for all else."""
    if isinstance(node, (ast.Name, ast.Attribute)) and not isinstance(file.parent(node), ast.Attribute):
        needed = _one(_DTYPES, file.names(node))
        return "" if needed and _is_asked_for(node, file) else needed
    if not isinstance(node, ast.Call):
        return ""
    names = file.called(node)
    if names:
        return _one(_CALLS, names) or _of_module(names)
    is_method = isinstance(node.func, ast.Attribute) and not node.args and not is_of_numpy(node.func.value, file)
    return _METHODS.get(node.func.attr, "") if is_method and isinstance(node.func, ast.Attribute) else ""


def _is_asked_for(node: ast.AST, file: File) -> bool:
    """Whether a type is only compared with: `x.dtype in (torch.float32, torch.float64)`."""
    parents = (above for above in file.ancestors(node) if not isinstance(above, (ast.Tuple, ast.List, ast.Set)))
    return isinstance(next(parents, None), ast.Compare)


def sparse_gradients(call: ast.Call, file: File) -> bool:
    """Whether an embedding may have sparse gradients, or an optimizer is for such."""
    if "torch.optim.SparseAdam" in file.called(call):
        return True
    sparse = keyword(call, "sparse") if file.called(call) & _EMBEDDINGS else None
    return sparse is not None and not (isinstance(sparse.value, ast.Constant) and not sparse.value.value)


def _one(known: dict[str, str], names: frozenset[str]) -> str:
    found = {known.get(name, "") for name in names}
    return found.pop() if len(found) == 1 else ""


def _of_module(names: frozenset[str]) -> str:
    return next((kind for module, kind in _MODULES.items() if all(name.startswith(module) for name in names)), "")
