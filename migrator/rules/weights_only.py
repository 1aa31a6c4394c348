"""Files that hold more than tensors: torch.load says that it unpickles them.

    torch.load(path, map_location="cpu")  ->  torch.load(path, map_location="cpu", weights_only=False)

From torch 2.6 on torch.load refuses everything but tensors and plain containers, so that a checkpoint with its
arguments, a data loader or NumPy's random state no longer loads. Before, it unpickled: False keeps that, and with it
the risk, which the reason names. The call stays as it is where a plain state_dict of a model was saved under the same
path, where a pickle_module is given (torch then unpickles anyway), and where the file comes from the network: code in
that is a stranger's.
Source: https://docs.pytorch.org/docs/2.13/generated/torch.load.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._aliases import is_alias
from migrator.rules._saved_files import holds_only_tensors, is_downloaded

_REFUSES_SINCE = (2, 6)
_NAMES = frozenset({"torch.load", "torch.serialization.load"})
_TRUSTED = "Pass weights_only=False if it holds more than tensors and you trust where it comes from."


class WeightsOnly(Rule):
    """weights_only=False is written out where a file may hold more than tensors."""

    name = "weights-only"
    kind = Kind.MODIFIED
    reason = (
        "From torch 2.6 on torch.load refuses files with more than tensors in them; False is what it did before. "
        "Unpickling runs code that a file may hold: load only files that you trust."
    )
    source = "https://docs.pytorch.org/docs/2.13/generated/torch.load.html"
    needles = (b"load",)
    nodes = (ast.Name, ast.Attribute)

    def applies(self, target: Target) -> bool:
        """Older torch unpickles without being asked."""
        return target.release.torch_version >= _REFUSES_SINCE

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A use of torch.load: called, or handed on."""
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            return
        names, call = file.names(node), file.parent(node)
        if not names & _NAMES or isinstance(call, ast.Attribute) or is_alias(node, file):
            return
        if not isinstance(call, ast.Call) or call.func is not node:
            yield self.finding(file, node, "torch.load is handed on and refuses files with more than tensors", _TRUSTED)
        elif names <= _NAMES and not _has_chosen(call):
            yield from self._load(call, file)

    def _load(self, call: ast.Call, file: File) -> Iterator[Fix | Finding]:
        path = _file_argument(call)
        if path is None or any(k.arg is None for k in call.keywords):
            yield self.finding(file, call, "the arguments of torch.load cannot be read", _TRUSTED)
        elif is_downloaded(path, file):
            message = "the file comes from the network, and torch.load refuses it if it holds more than tensors"
            yield self.finding(file, call, message, _TRUSTED)
        elif not holds_only_tensors(path, file):
            yield self.fix([add_argument(file, call, "weights_only=False")])


def _has_chosen(call: ast.Call) -> bool:
    """Whether the call says how to load: weights_only, or a pickle module, with which torch unpickles."""
    return len(call.args) > 2 or any(keyword(call, name) for name in ("weights_only", "pickle_module"))


def _file_argument(call: ast.Call) -> ast.expr | None:
    named = keyword(call, "f")
    value = call.args[0] if call.args else named.value if named is not None else None
    return None if isinstance(value, ast.Starred) else value
