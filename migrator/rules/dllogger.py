"""NVIDIA's dllogger -> itself where it is installed, else a stand-in beside the script.

    import dllogger               ->  try:
                                          import dllogger
                                      except ImportError:
                                          import dllogger_stand_in as dllogger

`from dllogger import JSONStreamBackend` becomes the same with `from dllogger_stand_in import JSONStreamBackend`.
dllogger is on no package index, and what has its name there is something else. The stand-in (patches/shared/) has the
functions and backends of dllogger 1.0; an import of anything else stays, with a finding, and so does one that has other
statements on its line. Imports inside a `try` are taken care of already.
Source: https://github.com/NVIDIA/dllogger
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_blocks import replace_block
from migrator.core.edit_statements import shares_line
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._added_module import Module, beside

_OFFERED = frozenset({"init", "log", "metadata", "flush", "Verbosity", "JSONStreamBackend", "StdOutBackend"})
_ADVICE = "Install it from its repository (pip install git+URL), or take the logging out."


class Dllogger(Rule):
    """A program that logs through dllogger runs without it."""

    name = "dllogger"
    kind = Kind.MISMATCH
    reason = "dllogger is on no package index: where it is not installed, a stand-in writes the same lines."
    source = "https://github.com/NVIDIA/dllogger"
    needles = (b"dllogger",)
    nodes = (ast.Import, ast.ImportFrom)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """An import of dllogger that nothing guards."""
        if not isinstance(node, (ast.Import, ast.ImportFrom)) or not _imports_it(node) or _is_guarded(node, file):
            return
        module = beside(file, "dllogger_stand_in")
        obstacle = _obstacle(node, file, module)
        if obstacle:
            yield self.finding(file, node, f"dllogger is on no package index, and {obstacle}", _ADVICE)
        elif module is not None:
            yield self.fix([replace_block(file, node, _guarded(node, module) + _comment(node, file))])


def _imports_it(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level == 0 and (node.module or "").split(".")[0] == "dllogger"
    return any(alias.name.split(".")[0] == "dllogger" for alias in node.names)


def _is_guarded(node: ast.AST, file: File) -> bool:
    return isinstance(file.parent(node), (ast.Try, ast.ExceptHandler))


def _obstacle(node: ast.Import | ast.ImportFrom, file: File, module: Module | None) -> str:
    if module is None:
        return "no stand-in is offered here"
    if not module.dotted:
        return module.obstacle
    if shares_line(file, node):
        return "its import shares a line with other statements"
    names = {alias.name for alias in node.names}
    others = names - _OFFERED if isinstance(node, ast.ImportFrom) else {n for n in names if n.startswith("dllogger.")}
    if others or (isinstance(node, ast.ImportFrom) and node.module != "dllogger"):
        return f"the stand-in has no {', '.join(sorted(others)) or node.module}"  # type: ignore[union-attr]
    return ""


def _guarded(node: ast.Import | ast.ImportFrom, module: Module) -> str:
    """The lines that import the real one or the stand-in; what else the statement imports comes after."""
    if isinstance(node, ast.ImportFrom):
        stand_in = ast.unparse(ast.ImportFrom(module.dotted, node.names, 0))
        return _try(ast.unparse(node), stand_in)
    (alias,) = (alias for alias in node.names if alias.name == "dllogger")
    others = [each for each in node.names if each is not alias]
    base, _, name = module.dotted.rpartition(".")
    start = "from . import" if module.dotted.startswith(".") else "import"
    stand_in = f"{start} {name or base} as {alias.asname or 'dllogger'}"
    rest = f"\n{ast.unparse(ast.Import(others))}" if others else ""
    return _try(ast.unparse(ast.Import([alias])), stand_in) + rest


def _try(real: str, stand_in: str) -> str:
    return f"try:\n    {real}\nexcept ImportError:\n    {stand_in}"


def _comment(node: ast.stmt, file: File) -> str:
    """What stands behind the statement on its line."""
    end = file.source.span(node)[1]
    return file.source.text[end : file.source.line_end(end)].decode().rstrip()
