"""NCCL -> HCCL: the collective library of Gaudi, under `torch.distributed`'s backend name `hccl`.

    torch.distributed.init_process_group(backend="nccl")  ->  ...(backend="hccl")

and `import habana_frameworks.torch.distributed.hccl` at the top of each module that starts a process group, unless
it starts gloo or mpi by name: importing it sets up the card of this process, so it comes before any use of the device.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Scaling_Guide/DDP_Based_Scaling.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.edit_expressions import replace
from migrator.core.edit_imports import ensure_import
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule

IMPORT = "import habana_frameworks.torch.distributed.hccl"
NOTE = "registers the hccl backend; before any use of the device"
_CALLS = frozenset(f"torch.distributed.{name}" for name in ("init_process_group", "new_group", "is_backend_available"))
_CONSTANTS = {
    "torch.distributed.Backend.NCCL": "'hccl'",
    "torch.distributed.dist_backend.NCCL": "'hccl'",
}


class DistributedBackend(Rule):
    """nccl -> hccl, with the import that registers it."""

    name = "distributed-backend"
    kind = Kind.MODIFIED
    reason = "Gaudi's collectives are HCCL; its import registers the backend and must precede any use of the device."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Scaling_Guide/DDP_Based_Scaling.html"
    needles = (b"nccl", b"NCCL", b"init_process_group")
    nodes = (ast.Constant, ast.Attribute, ast.Call)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A backend's name in a call, in a value that reaches one, in a comparison; a constant; the start itself."""
        if isinstance(node, ast.Attribute):
            for name in file.names(node) & _CONSTANTS.keys():
                yield self.fix([replace(file, node, _CONSTANTS[name])])
        elif isinstance(node, ast.Constant) and node.value == "nccl" and _names_backend(node, file):
            quote = file.text(node)[0]
            file.check(node, f"{quote}nccl{quote}")
            yield self.fix([replace(file, node, f"{quote}hccl{quote}")])
        elif isinstance(node, ast.Call) and _starts_hccl(node, file):
            yield self.fix(ensure_import(file, IMPORT, note=f"noqa: F401  {NOTE}"))


def _starts_hccl(call: ast.Call, file: File) -> bool:
    """Whether the call starts a process group, of a backend that is or may be HCCL."""
    if "torch.distributed.init_process_group" not in file.called(call):
        return False
    named = keyword(call, "backend")
    backend = named.value if named else next(iter(call.args), None)
    return not isinstance(backend, ast.Constant) or backend.value in ("nccl", "hccl")


def _names_backend(node: ast.Constant, file: File) -> bool:
    """Whether the string is a backend: an argument, a value assigned to `*backend*`, a comparison with one."""
    inner: ast.AST = node
    for above in file.ancestors(node):
        if isinstance(above, ast.Call):
            return bool(file.called(above) & _CALLS) or _is_backend_option(above, inner)
        if isinstance(above, ast.keyword) and above.arg == "backend":
            return True
        if isinstance(above, ast.Compare):
            return any("backend" in file.text(side) for side in (above.left, *above.comparators) if side is not inner)
        if isinstance(above, ast.Assign):
            return any("backend" in file.text(target) for target in above.targets)
        if isinstance(above, ast.stmt):
            return False
        inner = above
    return False


def _is_backend_option(call: ast.Call, inner: ast.AST) -> bool:
    """`add_argument("--dist-backend", default="nccl")`: an option whose own name says it is a backend."""
    named = isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
    option = call.args[0] if call.args else None
    is_backend = isinstance(option, ast.Constant) and "backend" in str(option.value)
    return named and is_backend and inner is not option
