"""The private names of torch's compiler that importing `torch._dynamo` brings, apart from those in eager.py.

Only modules that are imported after it may import this one: it takes over a second.
"""

from __future__ import annotations

from torch._dynamo.backends.registry import register_backend
from torch._dynamo.device_interface import DeviceInterface, register_interface_for_device
from torch._dynamo.trace_rules import SKIP_DIRS
from torch._dynamo.trace_rules import _recompile_re as reread_skip_dirs

__all__ = [
    "SKIP_DIRS",
    "DeviceInterface",
    "register_backend",
    "register_interface_for_device",
    "reread_skip_dirs",
]
