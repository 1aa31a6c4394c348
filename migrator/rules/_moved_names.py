"""Names that another module offers: change the import where that is all it takes, else each use."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from migrator.core.edit_expressions import replace
from migrator.core.edit_statements import replace_statement
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._fallback import Attempt, attempt, is_guarded
from migrator.rules._torch import spell

New = Mapping[str, str]  # old dotted name -> new one, both absolute


@dataclass(frozen=True)
class Use:
    """A use of a name that moves.

    `by_import`: the import that changes instead of the use. `is_settled`: the name may stand for the new thing already,
    as after an import with an alternative; then only arguments are looked at.
    """

    node: ast.Name | ast.Attribute
    new: str
    by_import: ast.ImportFrom | None = None
    is_settled: bool = False

    def call(self, file: File) -> ast.Call | None:
        """The call of which the name is the callee."""
        above = file.parent(self.node)
        return above if isinstance(above, ast.Call) and above.func is self.node else None

    def renamed(self, file: File) -> list[Edit]:
        """The edits of the use itself; none where its import changes."""
        if self.by_import is not None or self.is_settled:
            return []
        spelled, imports = spell(file, self.new)
        return [replace(file, self.node, spelled), *imports]


def uses(file: File, new: New) -> Iterator[Use]:
    """The uses of the old names, and of names that may be old or new (as after try and except)."""
    changed = {name: statement for statement, name in _imports(file, new)}
    both = new.keys() | set(new.values())
    for node in file.index.nodes:
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            continue
        names = file.names(node)
        if (old := names & new.keys()) and names <= both:
            statement = changed.get(node.id) if isinstance(node, ast.Name) else None
            yield Use(node, new[min(old)], statement, not names <= new.keys())


def import_edits(file: File, new: New) -> dict[ast.ImportFrom, Edit]:
    """The imports that can change as a whole, with the edit that does it."""
    return {statement: _edit(file, statement, new) for statement, _ in _imports(file, new)}


def _imports(file: File, new: New) -> Iterator[tuple[ast.ImportFrom, str]]:
    """Imports of one such name at the module's top, under a name that suits the new one, with that name."""
    bindings = file.index.scopes[file.module].bindings
    for statement in file.module.body:
        if not isinstance(statement, ast.ImportFrom) or len(statement.names) != 1 or is_guarded(statement, file):
            continue
        alias = statement.names[0]
        target = new.get(_absolute(statement, alias), "")
        bound = alias.asname or alias.name
        suits = alias.asname is not None or alias.name == target.rpartition(".")[2]
        if target and suits and len(bindings[bound]) == 1:
            yield statement, bound


def _absolute(statement: ast.ImportFrom, alias: ast.alias) -> str:
    return "" if statement.level else f"{statement.module}.{alias.name}"


def _edit(file: File, statement: ast.ImportFrom, new: New) -> Edit:
    alias = statement.names[0]
    module, _, name = new[_absolute(statement, alias)].rpartition(".")
    bound = alias.asname or alias.name
    renamed = "" if bound == name else f" as {bound}"
    return replace_statement(file, statement, [f"from {module} import {name}{renamed}"])


def replaceable(file: File, new: New) -> Iterator[Attempt]:
    """Try statements that import nothing but old names and whose handler provides another thing for each."""
    for node in file.index.nodes:
        found = attempt(node)
        if found is None or not found.is_replacement:
            continue
        froms = [s for s in found.imports if isinstance(s, ast.ImportFrom)]
        if len(froms) == len(found.imports) and all(_absolute(s, a) in new for s in froms for a in s.names):
            yield found
