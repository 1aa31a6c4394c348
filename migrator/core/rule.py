"""What a rule is: the one interface for rewrites, whatever finds the spot.

A rule says which files can concern it (`needles`, a cheap byte scan) and which syntax nodes it wants to see;
for each it yields fixes (edits that hold together) and findings (what is left for a person). It sees the file
as it is at the start of a round and never what other rules do in the same round; the engine makes the edits,
settles conflicts, and asks again until nothing changes.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

from migrator.core.edits import Edit, Fix
from migrator.core.file import Context, File
from migrator.core.findings import Finding, Kind
from migrator.core.target import Target


class Rule(ABC):
    """One rewrite. Subclasses are stateless; one lives in each file of `migrator/rules/`."""

    name: ClassVar[str]  # "device-calls": how series files and logs name it
    kind: ClassVar[Kind]  # the class its fixes have unless they say otherwise
    reason: ClassVar[str]  # why, in one sentence a reviewer can judge
    source: ClassVar[str]  # where that is written down
    needles: ClassVar[tuple[bytes, ...]]  # a file with none of these bytes is not even parsed
    nodes: ClassVar[tuple[type[ast.AST], ...]]  # what `visit` is called with; ast.Module: once a file

    def applies(self, target: Target) -> bool:
        """Whether the rule means anything for this target."""
        return True

    def concerns(self, data: bytes, context: Context) -> bool:
        """Whether a file with these bytes can hold a spot at all: a byte scan, before anything is parsed."""
        return any(needle in data for needle in self.needles)

    @abstractmethod
    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """Yield what to do about `node`."""

    def fix(
        self,
        edits: Iterable[Edit],
        *,
        kind: Kind | None = None,
        reason: str = "",
        source: str = "",
        reindents: Iterable[tuple[int, int]] = (),
    ) -> Fix:
        """A fix of this rule."""
        return Fix(
            self.name,
            kind or self.kind,
            reason or self.reason,
            source or self.source,
            tuple(edits),
            tuple(reindents),
        )

    def finding(self, file: File, node: ast.AST, message: str, advice: str, *, kind: Kind = Kind.MANUAL) -> Finding:
        """A finding of this rule at `node`."""
        line = getattr(node, "lineno", 1)
        api = file.text(node) if hasattr(node, "lineno") else ""
        return Finding(kind, file.path, line, api.splitlines()[0] if api else "", message, advice, self.name)
