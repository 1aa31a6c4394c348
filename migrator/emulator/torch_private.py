"""Every private name of torch that the emulator imports: the one place to look at when torch moves on.

tests/emulator/test_private_api.py names them all again and fails when another module reaches for one.
"""

from __future__ import annotations

from torch._C import (
    DispatchKey,
    DispatchKeySet,
    TensorBase,
    _dispatch_get_all_op_names,
    _dispatch_has_kernel_for_dispatch_key,
    _ExcludeDispatchKeyGuard,
)
from torch._C import Generator as CppGenerator
from torch._C import _construct_storage_from_data_pointer as storage_at
from torch._C import _get_privateuse1_backend_name as privateuse1_name
from torch._C._acc import DeviceGuard, PrivateUse1Hooks
from torch._C._acc import create_empty_tensor as empty_hpu_tensor
from torch._C._autograd import DeviceType
from torch._C._nn import linear as nn_linear
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend as setup_device

CPU_KEYS = DispatchKeySet(DispatchKey.CPU)
AUTOCAST_KEYS = DispatchKeySet(DispatchKey.AutocastPrivateUse1)

__all__ = [
    "AUTOCAST_KEYS",
    "CPU_KEYS",
    "CppGenerator",
    "DeviceGuard",
    "DeviceType",
    "PrivateUse1Hooks",
    "TensorBase",
    "empty_hpu_tensor",
    "exclude_keys",
    "has_kernel",
    "nn_linear",
    "operator_names",
    "privateuse1_name",
    "setup_device",
    "storage_at",
]

exclude_keys = _ExcludeDispatchKeyGuard
has_kernel = _dispatch_has_kernel_for_dispatch_key
operator_names = _dispatch_get_all_op_names
