"""What the emulated device has not: sparse, nested and quantised tensors, and operators without a kernel to run.

A tensor of another layout has no storage of bytes that two labels could share. torch gives such tensors dispatch keys
of their own, so that their operators can be refused in one place; what makes them of plain tensors is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from migrator.emulator.torch_private.eager import operator_names

_NESTED = "nested tensors of strided layout (layout=torch.jagged works)"
LAYOUTS = {
    "SparsePrivateUse1": "sparse tensors",
    "SparseCsrPrivateUse1": "compressed sparse tensors",
    "NestedTensorPrivateUse1": _NESTED,
    "QuantizedPrivateUse1": "quantised tensors",
}
# torch's own kernel of this makes such a tensor on any device, with nothing that could then be done with it.
COMPRESSED = ("aten::_sparse_compressed_tensor_unsafe", "SparseCsrPrivateUse1")
_MAKERS = {
    "aten::_to_sparse": "sparse tensors",
    "aten::to_mkldnn": "mkldnn tensors",
    "aten::quantize_per_": "quantised tensors",
    "aten::_empty_affine_quantized": "quantised tensors",
    "aten::_empty_per_channel_affine_quantized": "quantised tensors",
    "aten::_nested_from_padded": _NESTED,
    "aten::_nested_tensor_from_mask": _NESTED,
    "aten::_nested_tensor_from_tensor_list": _NESTED,
    "aten::_nested_view_from_buffer": _NESTED,
}


def fallback(kind: str) -> Callable[..., NoReturn]:
    """A kernel for every operator on tensors of `kind`, which raises."""

    def refuse(overload: Any, *arguments: Any, **named: Any) -> NoReturn:
        raise _error(overload.name(), kind)

    return refuse


def makers() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Name and kernel of the operators that would make such tensors of plain ones."""
    for name in operator_names():
        kind = next((kind for prefix, kind in _MAKERS.items() if name.startswith(prefix)), None)
        if kind is not None:
            yield name, _refusal(name, kind)
    yield "aten::_nested_tensor_from_mask_left_aligned", cannot_nest


def refuse_compressed(*arguments: Any, **named: Any) -> NoReturn:
    """The kernel of `COMPRESSED`."""
    raise _error(COMPRESSED[0], LAYOUTS[COMPRESSED[1]])


def cannot_nest(tensor: Any, mask: Any) -> bool:
    """Asked by `nn.TransformerEncoder` before it packs padded rows into a nested tensor: not on this device."""
    return False


def _refusal(name: str, kind: str) -> Callable[..., NoReturn]:
    def refuse(*arguments: Any, **named: Any) -> NoReturn:
        raise _error(name, kind)

    return refuse


def _error(name: str, kind: str) -> NotImplementedError:
    return NotImplementedError(f"{name}: the emulated hpu device has no {kind}; keep them on the CPU")
