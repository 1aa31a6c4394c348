"""apex's FusedLAMB -> that of patches/shared/lamb.py, where the layer offers it.

from apex.optimizers import FusedLAMB               ->  from lamb import FusedLAMB
from apex.optimizers import FusedAdam, FusedLAMB
FusedLAMB(params)                                   ->  lamb.FusedLAMB(params), with `import lamb`
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._added_module import Module, beside
from migrator.rules._moved_names import import_edits, uses

_OLD = frozenset(
    f"apex.{package}.{name}"
    for package in ("optimizers", "contrib.optimizers")
    for name in ("FusedLAMB", "fused_lamb.FusedLAMB")
)


def rewrite_lamb(file: File) -> Iterator[list[Edit] | tuple[ast.expr, str]]:
    """The edits of an import or a use each, or a use that must stay with the reason for it."""
    if (module := beside(file, "lamb")) is None:
        return
    new = dict.fromkeys(_OLD, f"{module.dotted}.FusedLAMB")
    if module.dotted:
        yield from ([edit] for edit in import_edits(file, new).values())
    for use in uses(file, new):
        if use.by_import is None or not module.dotted:
            yield _renamed(use.node, module, file)


def _renamed(node: ast.expr, module: Module, file: File) -> list[Edit] | tuple[ast.expr, str]:
    spelled = module.name_at(file, node, "FusedLAMB")
    if spelled is None:
        return node, module.obstacle or f"{module.name} is something else in this file"
    name, imports = spelled
    return [replace(file, node, name), *imports]
