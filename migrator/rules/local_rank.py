"""The local rank comes from the environment, whoever starts the process, and from either spelling of the option.

    parser.add_argument("--local_rank", type=int, default=-1)
      ->  parser.add_argument("--local_rank", "--local-rank", type=int,
                              default=os.getenv("LOCAL_RANK", os.getenv("OMPI_COMM_WORLD_LOCAL_RANK", -1)))
    os.getenv("LOCAL_RANK", -1)  ->  os.getenv("LOCAL_RANK", os.getenv("OMPI_COMM_WORLD_LOCAL_RANK", -1))
    os.environ["LOCAL_RANK"]     ->  os.environ.get("LOCAL_RANK") or os.environ["OMPI_COMM_WORLD_LOCAL_RANK"]

torchrun sets LOCAL_RANK and passes no option; torch.distributed.launch passes --local-rank since torch 2.0 and
--local_rank before; mpirun, the usual launcher on Gaudi, sets OMPI_COMM_WORLD_LOCAL_RANK. argparse converts a default
that is a string with `type`, and takes the name from the first long option, with underscores. What stands for "not
distributed" stays the last resort.
Source: https://docs.pytorch.org/docs/2.13/elastic/run.html and, for mpirun, HabanaAI/gaudi-pytorch-bridge 1.19.0
python_packages/habana_frameworks/torch/distributed/hccl/__init__.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._backend import quoted
from migrator.rules._local_rank_option import MPI, OWN, SPELLINGS, obstacle, option_edits

_READS = frozenset({"os.getenv", "os.environ.get"})
_ADVICE = 'Let it be an int that falls back on os.environ["LOCAL_RANK"], then on OMPI_COMM_WORLD_LOCAL_RANK.'


class LocalRank(Rule):
    """Options and reads of the environment."""

    name = "local-rank"
    kind = Kind.MODIFIED
    reason = (
        "Launchers say the local rank in the environment: torchrun in LOCAL_RANK, mpirun in "
        "OMPI_COMM_WORLD_LOCAL_RANK; torch.distributed.launch passes --local-rank since torch 2.0."
    )
    source = "https://docs.pytorch.org/docs/2.13/elastic/run.html"
    needles = (b"local_rank", b"local-rank", b"LOCAL_RANK")
    nodes = (ast.Call, ast.Subscript)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """An option, or a read of the environment."""
        if isinstance(node, ast.Call) and _is_option(node):
            if found := obstacle(node):
                yield self.finding(file, node, f"the option for the local rank has {found}", _ADVICE)
            yield self.fix(option_edits(file, node))
        elif isinstance(node, ast.Call) and _is_read(node, file):
            yield self.fix([_with_mpi(node, file)])
        elif isinstance(node, ast.Subscript) and _is_key(node, file):
            yield self.fix([_either(node, file)])


def _is_option(call: ast.Call) -> bool:
    is_method = isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
    return is_method and any(isinstance(a, ast.Constant) and a.value in SPELLINGS for a in call.args)


def _is_read(call: ast.Call, file: File) -> bool:
    names = file.called(call)
    return bool(names) and names <= _READS and _is_own(call.args[:1]) and not _is_settled(call, file)


def _is_key(node: ast.Subscript, file: File) -> bool:
    is_own = isinstance(node.ctx, ast.Load) and _is_own([node.slice]) and file.names(node.value) == {"os.environ"}
    return is_own and not _is_settled(node, file)


def _is_own(key: list[ast.expr]) -> bool:
    return any(isinstance(k, ast.Constant) and k.value == OWN for k in key)


def _is_settled(node: ast.expr, file: File) -> bool:
    """Whether the expression looks at MPI's variable already, or is reached only when the launcher's own is set."""
    below: ast.AST = node
    for above in file.ancestors(node):
        if any(OWN in file.text(other) for other in _conditions(above) if other is not below):
            return True
        if isinstance(below, ast.expr) and MPI in file.text(below):
            return True
        below = above
    return False


def _conditions(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, (ast.If, ast.IfExp)):
        return [node.test]
    return node.values if isinstance(node, ast.BoolOp) else []


def _with_mpi(call: ast.Call, file: File) -> Edit:
    """`getenv("LOCAL_RANK", x)` -> `getenv("LOCAL_RANK", getenv("OMPI_COMM_WORLD_LOCAL_RANK", x))`."""
    first, func, name = call.args[0], file.text(call.func), quoted(file, call, MPI)
    fallback = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "default")]
    if fallback:
        return replace(file, fallback[0], f"{func}({name}, {file.text(fallback[0])})")
    end = file.source.span(first)[1]
    return Edit(end, end, f", {func}({name})".encode())


def _either(node: ast.Subscript, file: File) -> Edit:
    environ, own, other = file.text(node.value), quoted(file, node, OWN), quoted(file, node, MPI)
    return replace(file, node, f"{environ}.get({own}) or {environ}[{other}]")
