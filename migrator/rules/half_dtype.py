"""float16 -> bfloat16, where code names the type of tensors and modules.

    dtype = torch.float16 if args.short else torch.float32  ->  dtype = torch.bfloat16 if args.short else ...
    model.half()                                            ->  model.bfloat16()
    torch.HalfTensor(n)                                     ->  torch.BFloat16Tensor(n)

Training in float16 needs loss scaling, which a port to Gaudi takes out; bfloat16 has the range of float32. Strings and
options keep their names, and so does the key of a table, which only says what a type is called. Where a statement or a
chain of tests tells float16 from bfloat16, the choice is somebody's: it stays with a finding. A class with a half() of
its own is left alone, and so are models made for apex's FP16_Optimizer, which the rule apex-fp16-optimizer ports.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.bindings import Import
from migrator.core.edit_expressions import rename
from migrator.core.edits import Edit, Fix
from migrator.core.file import File, SpotMismatchError
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._fp16_models import halved_models, is_half
from migrator.rules._torch import only, spell

_NEW = {
    "torch.float16": "torch.bfloat16",
    "torch.half": "torch.bfloat16",
    "torch.HalfTensor": "torch.BFloat16Tensor",
}
_OLD = frozenset(_NEW)
_BFLOAT16 = frozenset({"torch.bfloat16", "torch.BFloat16Tensor"})
_STATEMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Assert)
_ADVICE = "Choose bfloat16 on Gaudi: training in float16 needs loss scaling."


class HalfDtype(Rule):
    """bfloat16 takes the place of float16."""

    name = "half-dtype"
    kind = Kind.MODIFIED
    reason = "Gaudi trains in bfloat16, which has the range of float32 and needs no loss scaling."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html"
    needles = (b"float16", b"half", b"HalfTensor")
    nodes = (ast.Name, ast.Attribute, ast.Call)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A dtype, or a conversion."""
        if isinstance(node, ast.Call):
            if is_half(node) and _is_torchs(node, file):
                yield self.fix([_conversion(node, file)])
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            names = file.names(node)
            if not only(names, _OLD) or not _is_imported(node, file) or _is_key(node, file):
                return
            if _is_choice(node, file):
                yield self.finding(file, node, "the code tells float16 from bfloat16 here", _ADVICE)
            else:
                spelled, imports = spell(file, _NEW[min(names)])
                yield self.fix([rename(file, node, spelled), *imports])


def _is_torchs(call: ast.Call, file: File) -> bool:
    """Whether half() is that of tensors and modules, and the model's float32 copies are not kept by apex."""
    own = any(isinstance(n, ast.FunctionDef) and n.name == "half" for n in file.index.nodes)
    uses_torch = any(isinstance(n, (ast.Import, ast.ImportFrom)) and _imports_torch(n) for n in file.index.nodes)
    is_function = bool(file.called(call))  # numpy.half(), torch.half: no method of an object
    return uses_torch and not own and not is_function and all(found.call is not call for found in halved_models(file))


def _imports_torch(statement: ast.Import | ast.ImportFrom) -> bool:
    module = getattr(statement, "module", None)
    return any(name.split(".")[0] == "torch" for name in ([module] if module else [a.name for a in statement.names]))


def _conversion(call: ast.Call, file: File) -> Edit:
    end = file.source.span(call.func)[1]
    start = end - len("half")
    if file.source.text[start:end] != b"half":
        raise SpotMismatchError(call, "half()", file.text(call))
    return Edit(start, end, b"bfloat16")


def _is_imported(node: ast.Name | ast.Attribute, file: File) -> bool:
    """Whether a name is the type by its import (`from torch import half`), not a variable that holds it."""
    home = file.index.scope_of[node].find(node.id) if isinstance(node, ast.Name) else None
    return home is None or all(isinstance(binding, Import) for binding in home.bindings[getattr(node, "id", "")])


def _is_key(node: ast.expr, file: File) -> bool:
    table = file.parent(node)
    return isinstance(table, ast.Dict) and node in table.keys


def _is_choice(node: ast.expr, file: File) -> bool:
    """Whether bfloat16 is named beside it: in the same statement, or in the tests of the same chain."""
    top = next(above for above in file.ancestors(node) if isinstance(above, ast.stmt))
    parts: list[ast.AST] = [top] if isinstance(top, _STATEMENTS) else []
    if isinstance(top, ast.If):
        while isinstance(above := file.parent(top), ast.If) and above.orelse == [top]:
            top = above
        parts = list(_tests(top))
    named = (n for part in parts for n in ast.walk(part) if isinstance(n, (ast.Name, ast.Attribute)))
    return any(file.names(n) & _BFLOAT16 and _is_imported(n, file) for n in named)


def _tests(block: ast.stmt) -> Iterator[ast.expr]:
    """The tests of an `if` and of each `elif` after it."""
    while isinstance(block, ast.If):
        yield block.test
        if len(block.orelse) != 1:
            return
        block = block.orelse[0]
