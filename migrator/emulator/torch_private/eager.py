"""The private names of torch that are there once torch is, all but those of its compiler."""

from __future__ import annotations

from torch._C import (
    DispatchKey,
    DispatchKeySet,
    TensorBase,
    _are_functorch_transforms_active,
    _dispatch_get_all_op_names,
    _dispatch_has_computed_kernel_for_dispatch_key,
    _dispatch_has_kernel_for_dispatch_key,
    _ExcludeDispatchKeyGuard,
)
from torch._C import Generator as CppGenerator
from torch._C import _construct_storage_from_data_pointer as storage_at
from torch._C import _get_privateuse1_backend_name as privateuse1_name
from torch._C._acc import DeviceGuard, PrivateUse1Hooks
from torch._C._acc import create_empty_tensor as empty_hpu_tensor
from torch._C._autograd import DeviceType
from torch._C._distributed_c10d import (  # type: ignore[attr-defined, unused-ignore] # its stub is not complete
    _create_work_from_future as work_from_future,
)
from torch._C._distributed_c10d import _ProcessGroupWrapper as ProcessGroupWrapper
from torch._C._nn import linear as nn_linear
from torch.jit._builtins import _register_builtin as register_script_function
from torch.utils._device import _device_constructors as device_constructors
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._python_dispatch import _disable_current_modes as no_modes
from torch.utils._pytree import tree_flatten, tree_map_only, tree_unflatten
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend as setup_device

CPU_KEYS = DispatchKeySet(DispatchKey.CPU)
AUTOCAST_KEYS = DispatchKeySet(DispatchKey.AutocastPrivateUse1)
CPU_AUTOCAST_KEYS = DispatchKeySet(DispatchKey.AutocastCPU)
HPU_KEYS = DispatchKeySet(DispatchKey.PrivateUse1)

__all__ = [
    "AUTOCAST_KEYS",
    "CPU_AUTOCAST_KEYS",
    "CPU_KEYS",
    "HPU_KEYS",
    "CppGenerator",
    "DeviceGuard",
    "DeviceType",
    "PrivateUse1Hooks",
    "ProcessGroupWrapper",
    "TensorBase",
    "TorchDispatchMode",
    "device_constructors",
    "empty_hpu_tensor",
    "exclude_keys",
    "has_computed_kernel",
    "has_kernel",
    "in_transform",
    "nn_linear",
    "no_modes",
    "operator_names",
    "privateuse1_name",
    "register_script_function",
    "setup_device",
    "storage_at",
    "tree_flatten",
    "tree_map_only",
    "tree_unflatten",
    "work_from_future",
]

exclude_keys = _ExcludeDispatchKeyGuard
has_computed_kernel = _dispatch_has_computed_kernel_for_dispatch_key
has_kernel = _dispatch_has_kernel_for_dispatch_key
in_transform = _are_functorch_transforms_active
operator_names = _dispatch_get_all_op_names
