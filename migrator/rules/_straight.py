"""Straight-line code: which assignment of its block a name stands for at a statement, and which can go."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from migrator.core.file import File
from migrator.core.scopes import Scope

ENTRY = -1  # the place of what a name stands for before the block


@dataclass(frozen=True)
class Version:
    """A name as the statement at a place of the block left it."""

    name: str
    place: int


@dataclass(frozen=True)
class Straight:
    """A block of statements. `scope` is the function, or the module, that it stands in."""

    file: File
    suite: Sequence[ast.stmt]
    scope: Scope

    def version(self, name: str, at: int) -> Version:
        """What `name` stands for in the statement at a place, before that statement binds it."""
        places = (place for place in range(at - 1, ENTRY, -1) if name in _bound(self.suite[place]))
        return Version(name, next(places, ENTRY))

    def value(self, version: Version) -> ast.expr | None:
        """The expression that the version was assigned, if that is all its statement does."""
        statement = self.suite[version.place] if version.place != ENTRY else None
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and target.id == version.name:
                return statement.value
        return None

    def unneeded(self, used: Collection[int], expression: ast.expr) -> list[ast.stmt] | None:
        """The assignments at the places `used` that nothing else needs once `expression` does not.

        None where others stand among them: they may change in place what the expression is about.
        """
        holder = self.file.statement(expression)
        at = self.suite.index(holder)
        if used and set(range(min(used), at)) != set(used):
            return None
        inside = {n for place in used for n in ast.walk(self.suite[place])} | set(ast.walk(expression))
        read = {n.id for n in self._later(min(used), inside)} if used else set()
        if isinstance(holder, ast.Assign):  # later reads see what it assigns
            read -= {target.id for target in holder.targets if isinstance(target, ast.Name)}
        return [self.suite[place] for place in sorted(used) if not _bound(self.suite[place]) & read]

    def _later(self, first: int, inside: Collection[ast.AST]) -> Iterator[ast.Name]:
        """The reads from a place on that are not inside; anywhere in the function where it may come back to them."""
        again = (ast.For, ast.AsyncFor, ast.While, ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef)
        line = self.suite[first].lineno
        owner = self.scope.node
        in_loop = any(isinstance(a, again[:3]) for a in self.file.ancestors(self.suite[first]) if a is not owner)
        for node in ast.walk(owner):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in inside:
                is_nested = self.file.index.scope_of[node] is not self.scope
                if node.lineno >= line or in_loop or is_nested:
                    yield node


def straight(file: File, node: ast.expr) -> Straight | None:
    """The block around an expression; None in a lambda, a comprehension or the test of a loop."""
    for above in file.ancestors(node):
        if isinstance(
            above, (ast.Lambda, ast.comprehension, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        ):
            return None
        if isinstance(above, ast.stmt):
            owner = next(a for a in file.ancestors(above) if a in file.index.scopes)
            return None if isinstance(above, ast.While) else Straight(file, file.suite(above), file.index.scopes[owner])
    return None


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, unbinds or declares, also in blocks of its own."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            found |= set(node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
    return found
