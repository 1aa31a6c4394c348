"""Anchor layers: changes in one upstream's own functions, addressed so that no upstream line is quoted."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from migrator.core.anchor_comments import remove_comment
from migrator.core.anchor_find import MIN_HASH, find_statement, find_symbol, symbol_hash
from migrator.core.edit_arguments import Argument, add_argument, keyword, remove_argument, replace_argument
from migrator.core.edit_blocks import insert_block_after, insert_block_before, replace_block, replace_header
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit, Fix, apply_edits, choose, merged_edits
from migrator.core.explain import step_of
from migrator.core.file import Context, File, SpotMismatchError, read
from migrator.core.findings import Kind
from migrator.core.layers import Anchor, AnchorLayer, Where
from migrator.core.rule_layer import DriftError
from migrator.core.scopes import dotted
from migrator.core.source import Source, UnreadableSourceError, parse
from migrator.core.steps import LayerResult, Step
from migrator.core.tree import Entry, Mode, Tree
from migrator.errors import LayerError


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
        data = _encoded(layer, file.source, text)
        first = 1 + max((c.fix for s in steps for c in s.changes), default=0)
        steps.append(step_of(path, file.source.text, text, edits, fixes, first))
        after[path] = Entry(data, entry.mode)
    return LayerResult(after, tuple(steps))


def _entry(tree: Mapping[str, Entry], path: str, layer: AnchorLayer) -> Entry:
    if path not in tree or tree[path].mode not in (Mode.FILE, Mode.EXECUTABLE):
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
        if len(anchor.sha256) < MIN_HASH or not actual.startswith(anchor.sha256.lower()):
            raise DriftError(
                f"{path}: {anchor.symbol or 'the module'} drifted: its hash is {actual}, the anchor says "
                f"{anchor.sha256 or 'nothing'}",
                hint="review the anchor against the new source, then record the new hash "
                f"({MIN_HASH} digits of it or more)",
            )


def _encoded(layer: AnchorLayer, source: Source, text: bytes) -> bytes:
    """The file's new bytes, when they are Python still, in the file's own encoding."""
    try:
        parse(Source(source.path, text, "utf-8", source.bom))
        return source.encode(text)
    except UnreadableSourceError as error:
        raise LayerError(
            f"layer {layer.name!r}: {source.path} no longer parses after its anchors: {error}",
            hint="correct the anchor's text",
        ) from error
    except UnicodeEncodeError as error:
        raise LayerError(
            f"layer {layer.name!r}: {source.path} is written in {source.encoding}: {error}",
            hint="write the anchor's text in characters that the file's encoding has",
        ) from error


def _fix(layer: AnchorLayer, anchor: Anchor, file: File) -> Fix:
    symbol = find_symbol(file, anchor.symbol)
    statement = find_statement(file, symbol, anchor.statement) if anchor.statement else None
    if statement is None:
        if isinstance(symbol, ast.Module):
            raise DriftError(f"{anchor.path}: an anchor on the module needs a statement")
        statement = symbol
    try:
        edits = _edits(anchor, file, statement)
    except SpotMismatchError as error:
        raise DriftError(
            f"{file.path}:{error.line}: cannot be anchored in: {error}",
            hint="address another statement, or replace the one around it",
        ) from error
    reason, source = anchor.reason or layer.reason, anchor.source or layer.source
    return Fix(layer.name, Kind(anchor.kind), reason, source, tuple(edits))


def _edits(anchor: Anchor, file: File, statement: ast.stmt) -> list[Edit]:
    return remove_all(file, [statement]) if anchor.where is Where.DELETE else [_edit(anchor, file, statement)]


def _edit(anchor: Anchor, file: File, statement: ast.stmt) -> Edit:
    if anchor.where is Where.BEFORE:
        return insert_block_before(file, statement, anchor.text)
    if anchor.where is Where.AFTER:
        return insert_block_after(file, statement, anchor.text)
    if anchor.where is Where.REPLACE:
        return replace_block(file, statement, anchor.text)
    if anchor.where is Where.HEADER:
        return replace_header(file, statement, anchor.text)
    if anchor.where is Where.REMOVE_COMMENT:
        return remove_comment(file, statement, anchor.comment)
    return _argument_edit(anchor, file, _call(anchor, file, statement))


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
    found: Argument | None = keyword(call, anchor.argument)
    if anchor.argument.isdigit():
        found = next(iter(call.args[int(anchor.argument) :]), None)
    if found is None:
        raise DriftError(f"{file.path}:{call.lineno}: the call has no argument {anchor.argument!r}")
    if anchor.where is Where.REMOVE_ARGUMENT:
        return remove_argument(file, call, found)
    return replace_argument(file, call, found, anchor.text.strip())
