"""Anchor layers: changes in one upstream's own functions, addressed so that no upstream line is quoted."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from migrator.core.anchor_find import find_statement, find_symbol, symbol_hash
from migrator.core.edit_arguments import add_argument, arguments, keyword, remove_argument, replace_argument
from migrator.core.edit_blocks import header_end, insert_block_after, insert_block_before, replace_block
from migrator.core.edit_statements import remove
from migrator.core.edits import Edit, Fix, apply_edits, choose, merged_edits
from migrator.core.explain import step_of
from migrator.core.file import Context, File, read
from migrator.core.findings import Kind
from migrator.core.layers import Anchor, AnchorLayer, Where
from migrator.core.rule_layer import DriftError
from migrator.core.scopes import dotted
from migrator.core.source import UnreadableSourceError
from migrator.core.steps import LayerResult, Step
from migrator.core.tree import Entry, Tree
from migrator.errors import LayerError

MIN_HASH = 16  # hexadecimal digits of a symbol's hash that an anchor must give


class AnchorConflictError(LayerError):
    """Two anchors of one layer ask for overlapping changes."""


def apply_anchors(layer: AnchorLayer, tree: Tree, upstream: Tree, context: Context) -> LayerResult:
    """Apply all anchors of the layer, or none. `upstream` is the pinned tree that the hashes refer to."""
    by_path: dict[str, list[Anchor]] = {}
    for anchor in layer.anchors:
        by_path.setdefault(anchor.path, []).append(anchor)
    after: dict[str, Entry] = dict(tree)
    steps: list[Step] = []
    for path, anchors in by_path.items():
        entry = _entry(tree, path, layer)
        _check_pinned(path, anchors, upstream, context)
        file = _read(path, entry.data, context)
        fixes = [_fix(layer, anchor, file) for anchor in anchors]
        if len(choose(fixes)) != len(fixes):
            raise AnchorConflictError(
                f"layer {layer.name!r}: anchors in {path} overlap", hint="put the later one into a layer of its own"
            )
        edits = merged_edits(fixes)
        text = apply_edits(file.source.text, edits)
        _check_parses(layer, path, text)
        first = 1 + max((c.fix for s in steps for c in s.changes), default=0)
        steps.append(step_of(path, file.source.text, text, edits, fixes, first))
        after[path] = Entry(file.source.encode(text), entry.mode)
    return LayerResult(after, tuple(steps))


def _entry(tree: Mapping[str, Entry], path: str, layer: AnchorLayer) -> Entry:
    if path not in tree:
        raise DriftError(
            f"layer {layer.name!r}: there is no file {path}", hint="the upstream moved it; correct the anchor's path"
        )
    return tree[path]


def _read(path: str, data: bytes, context: Context) -> File:
    try:
        return read(path, data, context)
    except UnreadableSourceError as error:
        raise DriftError(f"{path} cannot be anchored in: {error}") from error


def _check_pinned(path: str, anchors: list[Anchor], upstream: Tree, context: Context) -> None:
    """Each symbol that upstream has must be the one the anchor was written for."""
    if path not in upstream:
        return  # a file that an earlier layer added: ours, and under our own version control
    pinned = _read(path, upstream[path].data, context)
    for anchor in anchors:
        actual = symbol_hash(pinned, anchor.symbol)
        if len(anchor.sha256) < MIN_HASH or not actual.startswith(anchor.sha256):
            raise DriftError(
                f"{path}: {anchor.symbol or 'the module'} drifted: its hash is {actual}, the anchor says "
                f"{anchor.sha256 or 'nothing'}",
                hint="review the anchor against the new source, then record the new hash",
            )


def _check_parses(layer: AnchorLayer, path: str, text: bytes) -> None:
    try:
        ast.parse(text.decode("utf-8"))
    except SyntaxError as error:
        raise LayerError(
            f"layer {layer.name!r}: {path} no longer parses after its anchors: line {error.lineno}: {error.msg}",
            hint="correct the anchor's text",
        ) from error


def _fix(layer: AnchorLayer, anchor: Anchor, file: File) -> Fix:
    symbol = find_symbol(file, anchor.symbol)
    statement = find_statement(file, symbol, anchor.statement) if anchor.statement else None
    if statement is None:
        if isinstance(symbol, ast.Module):
            raise DriftError(f"{anchor.path}: an anchor on the module needs a statement")
        statement = symbol
    edits = _edits(anchor, file, statement)
    reason, source = anchor.reason or layer.reason, anchor.source or layer.source
    return Fix(layer.name, Kind(anchor.kind), reason, source, tuple(edits))


def _edits(anchor: Anchor, file: File, statement: ast.stmt) -> list[Edit]:
    if anchor.where is Where.BEFORE:
        return [insert_block_before(file, statement, anchor.text)]
    if anchor.where is Where.AFTER:
        return [insert_block_after(file, statement, anchor.text)]
    if anchor.where is Where.REPLACE:
        return [replace_block(file, statement, anchor.text)]
    if anchor.where is Where.DELETE:
        return [remove(file, statement)]
    if anchor.where is Where.HEADER:
        start, _ = file.source.span(statement)
        return [Edit(start, header_end(file, statement), anchor.text.strip().encode())]
    return [_argument_edit(anchor, file, _call(anchor, file, statement))]


def _call(anchor: Anchor, file: File, statement: ast.stmt) -> ast.Call:
    calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call)]
    calls.sort(key=lambda n: (n.lineno, n.col_offset, -(n.end_lineno or 0), -(n.end_col_offset or 0)))
    named = [c for c in calls if not anchor.call or dotted(c.func) == anchor.call]
    if not named:
        raise DriftError(f"{file.path}:{statement.lineno}: no call of {anchor.call or 'anything'} to anchor in")
    return named[0]


def _argument_edit(anchor: Anchor, file: File, call: ast.Call) -> Edit:
    if anchor.where is Where.ADD_ARGUMENT:
        return add_argument(file, call, anchor.text.strip())
    if anchor.argument.isdigit():
        found = arguments(call)[int(anchor.argument)] if int(anchor.argument) < len(arguments(call)) else None
    else:
        found = keyword(call, anchor.argument)
    if found is None:
        raise DriftError(f"{file.path}:{call.lineno}: the call has no argument {anchor.argument!r}")
    if anchor.where is Where.REMOVE_ARGUMENT:
        return remove_argument(file, call, found)
    return replace_argument(file, call, found, anchor.text.strip())
