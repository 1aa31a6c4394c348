"""torch's DistributedDataParallel, and the values that may be one."""

from __future__ import annotations

import ast

from migrator.core.file import File

DDP = frozenset({"torch.nn.parallel.DistributedDataParallel", "torch.nn.parallel.distributed.DistributedDataParallel"})


def may_be_ddp(node: ast.AST, file: File) -> bool:
    """Whether a value may be a model that DDP wraps."""
    return bool(file.origins(node) & DDP)
