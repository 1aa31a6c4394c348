"""argparse's option for the local rank: its spellings, its type and its default."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.bindings import Import
from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edit_expressions import replace
from migrator.core.edit_imports import bound_as, ensure_import
from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError
from migrator.rules._backend import scope_at

OWN, MPI = "LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK"
SPELLINGS = ("--local_rank", "--local-rank")
_NONE = frozenset({"-1", "0", "None", "'-1'", "'0'"})  # what stands for "not distributed", or for the first card


def obstacle(call: ast.Call) -> str:
    """What keeps the option from being an int with a default from the environment, or ""."""
    kind, required = keyword(call, "type"), keyword(call, "required")
    if any(k.arg is None for k in call.keywords):
        return "arguments passed by **"
    if any(keyword(call, name) is not None for name in ("action", "nargs")):
        return "an action or nargs"
    if kind is not None and not (isinstance(kind.value, ast.Name) and kind.value.id == "int"):
        return "a type that is not int"
    if required is not None and not (isinstance(required.value, ast.Constant) and not required.value.value):
        return "required=True, while torchrun and mpirun pass no option"
    return ""


def option_edits(file: File, call: ast.Call) -> list[Edit]:
    """The edits that the option needs: both spellings, and int with a default from the environment where it can be."""
    edits = _spelling(file, call)
    if not obstacle(call):
        edits += _default(file, call)
    return edits


def _spelling(file: File, call: ast.Call) -> list[Edit]:
    given = [a for a in call.args if isinstance(a, ast.Constant) and a.value in SPELLINGS]
    missing = [spelling for spelling in SPELLINGS if spelling not in [a.value for a in given]]
    if not missing or missing[0] in _options_elsewhere(file, call):
        return []
    text, end = file.text(given[0]), file.source.span(given[0])[1]
    if text[1:-1] != given[0].value:
        raise SpotMismatchError(given[0], repr(given[0].value), text)
    return [Edit(end, end, f", {text[0]}{missing[0]}{text[-1]}".encode())]


def _options_elsewhere(file: File, call: ast.Call) -> set[object]:
    """The options of other calls on the same parser: argparse refuses one that is there already."""
    func = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    others = (c for c in file.index.calls if c is not call and isinstance(c.func, ast.Attribute))
    same = (c for c in others if isinstance(c.func, ast.Attribute) and ast.dump(c.func.value) == ast.dump(func))
    return {a.value for c in same for a in c.args if isinstance(a, ast.Constant)}


def _default(file: File, call: ast.Call) -> list[Edit]:
    """Edits for the default, where it is none or says "not distributed", and for the type that reads it."""
    default = keyword(call, "default")
    if default is not None and ast.unparse(default.value) not in _NONE:
        return _int(file, call, []) if MPI in file.text(default) or _reads_environment(default.value) else []
    name, imports = _os(file, call)
    last = f", {file.text(default.value)}" if default is not None and not _is_none(default.value) else ""
    code = f'{name}.getenv("{OWN}", {name}.getenv("{MPI}"{last}))'
    if default is not None:
        return [replace(file, default.value, code), *_int(file, call, []), *imports]
    return [*_int(file, call, [f"default={code}"]), *imports]


def _os(file: File, node: ast.AST) -> tuple[str, list[Edit]]:
    """How the module os is written here, and the edits that import it."""
    name = bound_as(file, "os") or "os"
    home = scope_at(file, node).find(name)
    if home is None:
        return name, ensure_import(file, "import os")
    if not all(isinstance(b, Import) and b.target == "os" for b in home.bindings[name]):
        raise SpotMismatchError(node, "os", f"{name}, which is something else here")
    return name, []


def _int(file: File, call: ast.Call, also: list[str]) -> list[Edit]:
    """Add `type=int` where no type is given, with other arguments."""
    added = [*([] if keyword(call, "type") else ["type=int"]), *also]
    return [add_argument(file, call, ", ".join(added))] if added else []


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _reads_environment(node: ast.expr) -> bool:
    return any(OWN in text for text in _strings(node))


def _strings(node: ast.expr) -> Iterator[str]:
    yield from (n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str))
