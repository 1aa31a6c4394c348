"""What a name stands for: the dotted names that imports, aliases and shadowing give it."""

from __future__ import annotations

import ast

from migrator.core.scopes import Assigned, Import, Index, Scope

Names = frozenset[str]
_NOTHING: Names = frozenset()


class Resolver:
    """Resolves names of one file on demand; each answer is worked out once.

    A name bound in several ways (try/except imports) has several meanings. Resolving goes through attributes,
    never through calls: in `torch.cuda.current_stream().cuda()` the second `cuda` is a method of something
    unknown. A name shadowed by a parameter or a local variable means nothing.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[ast.AST, Names] = {}
        self._asking: set[tuple[int, str]] = set()

    def names(self, node: ast.AST) -> Names:
        """The dotted names that `node` (a Name or a chain of attributes) may stand for."""
        if node not in self._known:
            self._known[node] = self._resolve(node)
        return self._known[node]

    def _resolve(self, node: ast.AST) -> Names:
        if isinstance(node, ast.Attribute):
            return frozenset(f"{base}.{node.attr}" for base in self.names(node.value))
        if isinstance(node, ast.Name):
            scope = self._index.scope_of.get(node)
            return self._in_scope(node.id, scope.find(node.id)) if scope else _NOTHING
        return _NOTHING

    def _in_scope(self, name: str, scope: Scope | None) -> Names:
        key = (id(scope), name)
        if scope is None or key in self._asking:
            return _NOTHING
        self._asking.add(key)
        found: set[str] = set()
        for binding in scope.bindings[name]:
            if isinstance(binding, Import):
                found.add(binding.target)
            elif isinstance(binding, Assigned) and not binding.path:
                found |= self.names(binding.value)
        self._asking.discard(key)
        return frozenset(found)
