"""What was left: every remaining use of an API that only a GPU has, with what to do about it.

Changes nothing. A use is a resolved name that the API map knows (`patches/api_map/`); the advice is the map's. In the
style gpu-migration names that Gaudi's toolkit is known to answer stay, and are listed once a file where they are of a
package that has to be installed for that.
Source: the entry of each name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.api_map import ApiEntry
from migrator.core.edits import Fix
from migrator.core.file import Context, File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.scopes import dotted
from migrator.rules._toolkit import answers, is_in_use, package_to_install

_ODD_FORM = "The rule {} rewrites the usual forms of it, not this one: write it in such a form, or port it by hand."
_LEFT = {Kind.MANUAL, Kind.UNSUPPORTED}
_NOT_KNOWN = "GPU migration is not known to answer it"
_PACKAGE = "GPU migration answers only the calls of {0} that reach a GPU: {0} itself has to be installed"
_OTHER_STYLE = "Apply with --style native, where the rule {} rewrites it, or port it by hand."


class GpuLeftovers(Rule):
    """Lists what no rule could port."""

    name = "gpu-leftovers"
    kind = Kind.MANUAL
    reason = "A use of a GPU-only API that no rule could port is listed, never passed over."
    source = "docs/api-map.md"
    needles = ()  # the API map's own, see `concerns`
    nodes = (ast.Attribute, ast.Name, ast.Import, ast.ImportFrom)

    def concerns(self, data: bytes, context: Context) -> bool:
        """Whether the bytes hold a part of any name in the API map."""
        return any(needle in data for needle in context.api.needles)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A whole dotted name, or an import, that the API map knows."""
        if isinstance(node, (ast.Attribute, ast.Name)):
            if not isinstance(file.parent(node), ast.Attribute):
                yield from self._use(node, file)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from self._import(node, file)

    def _use(self, node: ast.expr, file: File) -> Iterator[Finding]:
        part: ast.expr = node
        while True:
            found = {name: entry for name in sorted(file.names(part)) if (entry := _entry(name, file)) is not None}
            left = [name for name in found if not answers(name, file)]
            if left:
                yield self._left(part, left[0], found[left[0]], file)
            if found or not isinstance(part, ast.Attribute):
                return
            part = part.value

    def _import(self, node: ast.Import | ast.ImportFrom, file: File) -> Iterator[Finding]:
        module = getattr(node, "module", None)
        for alias in node.names:
            name = f"{module}.{alias.name}" if module else alias.name
            entry = None if getattr(node, "level", 0) else file.context.api.lookup(name)
            if entry is not None and not answers(name, file):
                yield self._left(node, name, entry, file)
        if (package := package_to_install(node, file)) is not None:
            yield self.finding(file, node, _PACKAGE.format(package.package), package.advice)

    def _left(self, node: ast.AST, name: str, entry: ApiEntry, file: File) -> Finding:
        kind = entry.kind if entry.kind in _LEFT else Kind.MANUAL
        message, form = entry.reason or f"{name} is left", _ODD_FORM
        if is_in_use(file):
            message, form = f"{_NOT_KNOWN}: {entry.reason}" if entry.reason else _NOT_KNOWN, _OTHER_STYLE
        advice = entry.advice or (f"Use {entry.to} here." if entry.to else form.format(entry.rule))
        line = getattr(node, "lineno", 1)
        api = dotted(node) if isinstance(node, ast.expr) else name
        return Finding(kind, file.path, line, api, message, advice, self.name)


def _entry(name: str, file: File) -> ApiEntry | None:
    """What the API map says of the name, unless the name is itself what others are rewritten to."""
    entry = file.context.api.lookup(name)
    return None if entry is None or entry.to == name else entry
