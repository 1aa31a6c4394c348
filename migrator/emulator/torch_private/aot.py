"""The private names of torch's compiler that cannot be imported while it is being imported itself."""

from __future__ import annotations

from torch._dynamo import config as dynamo_config
from torch._dynamo import reset as reset_dynamo
from torch._dynamo.backends.common import aot_autograd
from torch._dynamo.compiled_autograd import _enable as enable_compiled_autograd
from torch._functorch.aot_autograd import make_boxed_func

__all__ = [
    "aot_autograd",
    "dynamo_config",
    "enable_compiled_autograd",
    "make_boxed_func",
    "reset_dynamo",
]
