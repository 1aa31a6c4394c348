"""Imports of GPU-only packages that nothing uses any more -> removed.

    from apex import amp              ->  (removed)

    try:                              ->  APEX_AVAILABLE = False
        from apex import amp
        APEX_AVAILABLE = True
    except ImportError:
        APEX_AVAILABLE = False

Which packages those are is what the API map knows. A try statement that only tries to import them gives way to its
handler, without the advice to install them: that is what the program does on Gaudi anyway; where the names it sets
are not read, in a script, it goes altogether. Imports that other files may be after stay: in `__init__.py`, named in
`__all__`, or marked `noqa`. An import of torch itself is never removed.
Source: docs/api-map.md
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum

from migrator.core.edit_imports import remove_names
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit, Fix
from migrator.core.file import Context, File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Style, Target
from migrator.rules._fallback import Attempt, Import, attempt, is_guarded, take_fallback
from migrator.rules._reads import has_unknown_names, is_read, scope_around

_FALLBACK = (
    "The package is built for GPUs and cannot be imported on Gaudi, so the program takes the way it has without it; "
    "look at what that switches off."
)


class GpuImports(Rule):
    """What only a GPU's packages need goes when its uses are gone."""

    name = "gpu-imports"
    kind = Kind.MISMATCH
    reason = "The package is built for GPUs and cannot be imported on Gaudi; nothing in the file uses it any more."
    source = "docs/api-map.md"
    needles = ()  # the API map's own, see `concerns`
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Not where Gaudi's GPU migration stands in for these packages while the program runs."""
        return target.style is not Style.GPU_MIGRATION

    def concerns(self, data: bytes, context: Context) -> bool:
        """Whether the bytes hold a part of any name in the API map."""
        return any(needle in data for needle in context.api.needles)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All imports of the file: what goes altogether goes at once, so that no block is left empty."""
        removed: list[ast.stmt] = []
        edits: list[Edit] = []
        for statement in file.index.nodes:
            if (found := attempt(statement)) is not None:
                outcome = _outcome(found, file)
                if outcome is _Outcome.FALLBACK:
                    moved, span = take_fallback(file, found)
                    yield self.fix(moved, reason=_FALLBACK, reindents=[span])
                elif outcome is _Outcome.REMOVE:
                    removed.append(found.node)
            elif isinstance(statement, (ast.Import, ast.ImportFrom)) and not is_guarded(statement, file):
                unused = [] if _is_for_others(statement, file) else _unused(statement, file)
                if len(unused) == len(statement.names):
                    removed.append(statement)
                elif unused:
                    edits += remove_names(file, statement, unused)
        yield self.fix([*remove_all(file, removed), *edits])


class _Outcome(Enum):
    LEAVE = 0
    REMOVE = 1
    FALLBACK = 2


def _outcome(found: Attempt, file: File) -> _Outcome:
    """What becomes of a try statement that only tries to import."""
    aliases = [(statement, alias) for statement in found.imports for alias in statement.names]
    gpu_only = [_is_gpu_only(statement, alias, file) for statement, alias in aliases]
    is_unused = all(_is_unused(statement, alias, file) for statement, alias in aliases)
    if not any(gpu_only) or any(_is_for_others(statement, file) for statement in found.imports):
        return _Outcome.LEAVE
    if not is_unused and not (gpu_only[0] and found.is_replacement):
        return _Outcome.LEAVE
    is_read = _reads_flags(found, file)
    has_fallback = bool(found.kept) and not found.raises and found.set_by_try <= found.set_by_handler
    if has_fallback and (is_read or not _is_script(file)):
        return _Outcome.FALLBACK
    return _Outcome.LEAVE if is_read else _Outcome.REMOVE


def _unused(statement: Import, file: File) -> list[ast.alias]:
    unused = [a for a in statement.names if _is_gpu_only(statement, a, file) and _is_unused(statement, a, file)]
    return [alias for alias in unused if not _is_for_its_effect(statement, alias, file)]


def _is_for_its_effect(statement: Import, alias: ast.alias, file: File) -> bool:
    """`import package.sub` may be there for what running it does, as long as the rest of the package is in use."""
    if isinstance(statement, ast.ImportFrom) or alias.asname or "." not in alias.name:
        return False
    root = alias.name.partition(".")[0]
    others = (s for s in file.index.nodes if isinstance(s, (ast.Import, ast.ImportFrom)))
    return any(_root(s, a) == root and not _is_unused(s, a, file) for s in others for a in s.names)


def _root(statement: Import, alias: ast.alias) -> str:
    module = (statement.module or "") if isinstance(statement, ast.ImportFrom) else alias.name
    return module.partition(".")[0]


def _is_gpu_only(statement: Import, alias: ast.alias, file: File) -> bool:
    """Whether the API map knows the imported name or anything below it; of torch, only what is below torch.cuda."""
    base = f"{statement.module}." if isinstance(statement, ast.ImportFrom) else ""
    name = f"{base}{alias.name}"
    binds_torch = isinstance(statement, ast.Import) and not alias.asname
    if name == "torch" or (name.startswith("torch.") and (binds_torch or not name.startswith("torch.cuda."))):
        return False
    if isinstance(statement, ast.ImportFrom) and statement.level:
        return False
    return any(file.context.api.lookup(spelling) is not None for spelling in (name, f"{name}.*"))


def _is_unused(statement: Import, alias: ast.alias, file: File) -> bool:
    """Whether nothing reads the name that an import binds. A star import is used when any name's origin is unknown."""
    if alias.name == "*":
        return not has_unknown_names(file)
    bound = alias.asname or (alias.name if isinstance(statement, ast.ImportFrom) else alias.name.split(".")[0])
    return not is_read(bound, scope_around(statement, file), file)


def _reads_flags(found: Attempt, file: File) -> bool:
    """Whether anything reads a name that the try or its handler sets."""
    scope = scope_around(found.node, file)
    return any(is_read(name, scope, file) for name in found.set_by_try | found.set_by_handler)


def _is_script(file: File) -> bool:
    """Whether the file is run rather than imported, so that no other file reads its flags."""
    tests = (n.test for n in file.module.body if isinstance(n, ast.If))
    return any(isinstance(n, ast.Name) and n.id == "__name__" for test in tests for n in ast.walk(test))


def _is_for_others(statement: Import, file: File) -> bool:
    """Whether the import is there for other files: a package's own, or marked as meant although unused."""
    start, end = file.source.span(statement)
    lines = file.source.text[file.source.line_start(start) : file.source.line_end(end)]
    return file.path.rpartition("/")[2] == "__init__.py" or b"noqa" in lines
