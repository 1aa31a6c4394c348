"""Events: torch.cuda.Event(...) -> torch.hpu.Event(...), without the options that Gaudi's events do not have.

    torch.cuda.Event(enable_timing=True, blocking=True)     ->  torch.hpu.Event(enable_timing=True)

Streams need no rule of their own: torch.hpu has the same calls, `device-calls` renames them, and the bridge gives
tensors their `record_stream`. An event between processes, or one whose options cannot be read, stays for a person.
Source: HabanaAI/gaudi-pytorch-bridge 1.19.0 python_packages/habana_frameworks/torch/hpu/events.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_expressions import rename
from migrator.core.edits import Edit, Fix
from migrator.core.file import Context, File, SpotMismatchError
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._backend import backend_import, torch_name

_EVENTS = frozenset({"torch.cuda.Event", "torch.cuda.streams.Event"})
_DROPPED = frozenset({"blocking", "external"})


class GpuStreams(Rule):
    """Events with the one option that Gaudi's have."""

    name = "gpu-streams"
    kind = Kind.MODIFIED
    reason = "torch.hpu.Event takes enable_timing only: how a host waits cannot be chosen."
    source = "HabanaAI/gaudi-pytorch-bridge 1.19.0 python_packages/habana_frameworks/torch/hpu/events.py"
    needles = (b"Event",)
    nodes = (ast.Call,)

    def concerns(self, data: bytes, context: Context) -> bool:
        """A file that names both: threads have events too."""
        return b"Event" in data and b"cuda" in data

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """An event that is made with options which can go."""
        names = file.called(node)
        if isinstance(node, ast.Call) and names and names <= _EVENTS and (timing := _timing(node, file)) is not None:
            name, imports = torch_name(file, node.func)
            edits = [rename(file, node.func, f"{name}.hpu.Event"), *_call(node, timing, file), *imports]
            yield self.fix([*edits, *backend_import(file)])


def _timing(call: ast.Call, file: File) -> str | None:
    """The text of enable_timing, "" where it is not given; None when the options cannot be read or dropped."""
    names = ("enable_timing", "blocking", "interprocess")
    given = dict(zip(names, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}
    across = given.pop("interprocess", None)
    if any(k.arg is None for k in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    if (across is not None and not _is_false(across)) or given.keys() - {"enable_timing"} - _DROPPED:
        return None
    return file.text(given["enable_timing"]) if "enable_timing" in given else ""


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _call(call: ast.Call, timing: str, file: File) -> list[Edit]:
    """The edit of the arguments, when any has to go."""
    if all(k.arg == "enable_timing" for k in call.keywords) and len(call.args) <= 1:
        return []
    start, end = file.source.span(call.func)[1], file.source.span(call)[1]
    if not file.source.text.startswith(b"(", start):
        raise SpotMismatchError(call, f"{file.text(call.func)}(", file.text(call))
    return [Edit(start, end, f"(enable_timing={timing})".encode() if timing else b"()")]
