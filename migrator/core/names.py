"""What a name stands for: the dotted names that imports, aliases and shadowing give it."""

from __future__ import annotations

import ast
from collections import deque

from migrator.core.bindings import Assigned, Import
from migrator.core.scopes import Index, Scope

Names = frozenset[str]
_NOTHING: Names = frozenset()
_MANY = 16  # ways to reach one name that are followed; `x = x.a` in a loop of aliases has no end of them


class Resolver:
    """Resolves names of one file on demand; each answer is worked out once.

    A name bound in several ways (try/except imports) has several meanings. Resolving goes through attributes,
    never through calls: in `torch.cuda.current_stream().cuda()` the second `cuda` is a method of something
    unknown. A name shadowed by a parameter or a local variable means nothing.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[tuple[Scope, str], Names] = {}

    def names(self, node: ast.AST) -> Names:
        """The dotted names that `node` (a Name or a chain of attributes) may stand for."""
        home, name, attributes = self._place(node)
        if home is None:
            return _NOTHING
        if (home, name) not in self._known:
            self._known[home, name] = self._meanings(home, name)
        meanings = self._known[home, name]
        return frozenset(meaning + attributes for meaning in meanings) if attributes else meanings

    def _place(self, node: ast.AST) -> tuple[Scope | None, str, str]:
        """The scope that binds the first name of a chain, that name, and `.the.rest`."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(f".{node.attr}")
            node = node.value
        scope = self._index.scope_of.get(node) if isinstance(node, ast.Name) else None
        if scope is None or not isinstance(node, ast.Name):
            return None, "", ""
        return scope.find(node.id), node.id, "".join(reversed(attributes))

    def _meanings(self, home: Scope, name: str) -> Names:
        """All names within reach through aliases, shortest ways first, so that cycles and their order do no harm."""
        found: set[str] = set()
        queue = deque([(home, name, "")])
        seen: dict[tuple[Scope, str], set[str]] = {(home, name): {""}}
        while queue:
            scope, name, attributes = queue.popleft()
            for binding in scope.bindings[name]:
                if isinstance(binding, Import):
                    found.add(binding.target + attributes)
                elif isinstance(binding, Assigned) and not binding.path:
                    place, alias, rest = self._place(binding.value)
                    ways = seen.setdefault((place, alias), set()) if place else set()
                    if place and rest + attributes not in ways and len(ways) < _MANY:
                        ways.add(rest + attributes)
                        queue.append((place, alias, rest + attributes))
        return frozenset(found)
