"""One parsed file, as rules see it: syntax tree, meaning of names, and text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from migrator.core.api_map import ApiMap
from migrator.core.names import Names, Resolver
from migrator.core.origins import Origins
from migrator.core.scope_walk import index
from migrator.core.scopes import Index, dotted
from migrator.core.source import Source, decode, parse
from migrator.core.target import Target

_KEPT = 32  # parsed files; a thousand lines take about 5 MB


class SpotMismatchError(Exception):
    """The text at a spot is not what the syntax tree says: implicit concatenation, escapes, parentheses."""

    def __init__(self, node: ast.AST, expected: str, found: str) -> None:
        super().__init__(f"expected {expected!r}, the text says {found!r}")
        self.line = int(getattr(node, "lineno", 1))


@dataclass(frozen=True)
class Context:
    """What rules may ask besides the file: the target of the port, what is known of GPU APIs, and what is beside it."""

    target: Target
    api: ApiMap
    paths: frozenset[str] = frozenset()  # of all files in the tree
    modules: frozenset[str] = frozenset()  # that the layer puts beside a file that comes to import them
    sources: Mapping[str, bytes] = field(default_factory=dict, compare=False)  # Python files, as the layer met them


@dataclass(frozen=True)
class Parsed:
    """What a file's text alone says. Names are resolved once and on demand."""

    source: Source
    module: ast.Module

    @cached_property
    def index(self) -> Index:
        """Parents, scopes and bindings."""
        return index(self.module)

    @cached_property
    def resolver(self) -> Resolver:
        """The meaning of names."""
        return Resolver(self.index)

    @cached_property
    def origins(self) -> Origins:
        """What made values."""
        return Origins(self.index, self.resolver)


@dataclass(frozen=True)
class File:
    """A parsed file, and what is around it. Offsets are into `source.text`."""

    parsed: Parsed
    context: Context

    @cached_property
    def source(self) -> Source:
        """The text."""
        return self.parsed.source

    @cached_property
    def module(self) -> ast.Module:
        """The syntax tree. Not to be changed: other files of the same text share it."""
        return self.parsed.module

    @property
    def path(self) -> str:
        """The file's path in the tree."""
        return self.source.path

    @property
    def target(self) -> Target:
        """What the port is made for."""
        return self.context.target

    @property
    def index(self) -> Index:
        """Parents, scopes and bindings."""
        return self.parsed.index

    def names(self, node: ast.AST) -> Names:
        """Dotted names that a Name or a chain of attributes may stand for; none for anything else."""
        return self.parsed.resolver.names(node)

    def called(self, node: ast.AST) -> Names:
        """Dotted names of what a call calls; none when `node` is no call."""
        return self.names(node.func) if isinstance(node, ast.Call) else frozenset()

    def origins(self, node: ast.AST) -> Names:
        """Dotted names of the calls that may have made this value."""
        return self.parsed.origins.of(node)

    def makers(self, node: ast.AST) -> frozenset[ast.Call]:
        """The calls that may have made this value."""
        return self.parsed.origins.calls(node)

    def text(self, node: ast.AST) -> str:
        """The source text of a node."""
        start, end = self.source.span(node)
        return self.source.text[start:end].decode("utf-8")

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node around `node`."""
        return self.index.parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around `node`, innermost first."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that holds `node`."""
        current: ast.AST | None = node
        while current is not None and not isinstance(current, ast.stmt):
            current = self.parent(current)
        if current is None:
            raise ValueError(f"{type(node).__name__} stands in no statement")
        return current

    def suite(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements of the block that `statement` stands in."""
        above = self.parent(statement)
        for _, value in ast.iter_fields(above) if above is not None else ():
            if isinstance(value, list) and any(item is statement for item in value):
                return value
        raise ValueError("the statement stands in no block")

    def check(self, node: ast.AST, expected: str) -> None:
        """Raise `SpotMismatchError` unless the text of `node` is exactly `expected`."""
        found = self.text(node)
        if found != expected:
            raise SpotMismatchError(node, expected, found)

    def uses(self, name: str, scope_node: ast.AST | None = None) -> list[ast.Name]:
        """The uses of a local name within a node (the module by default), in source order."""
        nodes = ast.walk(scope_node) if scope_node is not None else iter(self.index.nodes)
        found = [n for n in nodes if isinstance(n, ast.Name) and n.id == name]
        return sorted(found, key=lambda n: (n.lineno, n.col_offset))


def read(path: str, data: bytes, context: Context) -> File:
    """Decode and parse. Raises `UnreadableSourceError`."""
    return File(_parsed(path, data), context)


@lru_cache(maxsize=_KEPT)
def _parsed(path: str, data: bytes) -> Parsed:
    """Layer after layer looks at the same files, and rules at those beside theirs: most were parsed just before."""
    source = decode(path, data)
    return Parsed(source, parse(source))


__all__ = ["Context", "File", "SpotMismatchError", "dotted", "read"]
