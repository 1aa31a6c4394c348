"""Names of torch that say whether something is a tensor.

Source: https://docs.pytorch.org/docs/2.13/tensors.html; https://docs.pytorch.org/docs/2.13/torch.html
"""

from __future__ import annotations

# Attributes of a tensor that are tensors.
ATTRIBUTES = frozenset({"T", "mT", "H", "mH", "data", "grad", "real", "imag", "values", "indices"})
# Methods that give numbers, texts and the like, which the host has without the device or after it waited.
ON_HOST = frozenset(
    {
        *("item", "tolist", "numpy", "size", "dim", "ndimension", "numel", "nelement", "stride", "get_device"),
        *("data_ptr", "is_contiguous", "type", "element_size", "storage", "is_floating_point", "is_complex"),
        *("requires_grad_", "backward", "register_hook", "is_set_to", "equal", "allclose", "split", "chunk", "unbind"),
    }
)
# Methods and attributes that hardly anything but a tensor has.
ONLY_OF_TENSORS = frozenset(
    {
        *("unsqueeze", "unsqueeze_", "masked_fill", "masked_fill_", "masked_select", "permute", "contiguous"),
        *("expand", "expand_as", "view_as", "type_as", "new_zeros", "new_ones", "new_full", "new_tensor", "new_empty"),
        *("bool", "long", "float", "half", "bfloat16", "detach", "requires_grad", "index_select", "gather"),
        *("scatter", "scatter_", "scatter_add_", "logsumexp", "log_softmax", "bmm", "matmul", "is_cuda", "topk"),
    }
)
# Modules of torch whose functions do not compute tensors, and functions that give something else.
NO_TENSORS = (
    *("torch.distributed.", "torch.cuda.", "torch.hpu.", "torch.utils.", "torch.jit.", "torch.backends."),
    *("torch.optim.", "torch.onnx.", "torch.nn.init.", "torch.autograd.", "torch.amp.", "torch._C", "torch.version."),
    *("torch.random.", "torch.profiler.", "torch.nn.parallel.", "torch.nn.utils.", "torch.testing."),
)
NOT_OF_TENSORS = frozenset(
    {
        *("is_tensor", "is_floating_point", "is_complex", "is_grad_enabled", "is_autocast_enabled", "numel", "finfo"),
        *("iinfo", "device", "dtype", "no_grad", "enable_grad", "set_grad_enabled", "autocast"),
        *("load", "save", "manual_seed", "seed", "compile", "get_default_dtype", "set_default_dtype", "equal"),
        *("allclose", "typename", "result_type", "promote_types", "is_storage", "get_num_threads", "initial_seed"),
        *("inference_mode", "is_inference_mode_enabled", "split", "chunk", "unbind", "meshgrid", "is_nonzero"),
        *("get_rng_state", "set_rng_state"),
    }
)
# Functions and methods that compare, and those that give a mask back in another form.
COMPARING = frozenset(
    {
        *("eq", "ne", "lt", "le", "gt", "ge", "greater", "greater_equal", "less", "less_equal", "not_equal"),
        *("isnan", "isinf", "isfinite", "isin", "isclose", "logical_not", "logical_and", "logical_or", "logical_xor"),
        *("bool", "byte"),
    }
)
KEEPING = frozenset(
    {
        *("unsqueeze", "squeeze", "view", "reshape", "flatten", "expand", "expand_as", "to", "cuda", "hpu", "detach"),
        *("contiguous", "transpose", "permute", "clone", "repeat", "t"),
    }
)
# Functions that make a tensor on the host unless they are told the device.
MAKING = frozenset(
    f"torch.{name}"
    for name in (
        *("tensor", "as_tensor", "from_numpy", "zeros", "ones", "empty", "full", "arange", "linspace", "eye"),
        *("rand", "randn", "randint", "randperm", "normal", "FloatTensor", "LongTensor", "IntTensor", "Tensor"),
    )
)
