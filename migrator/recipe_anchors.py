"""Read the `[[anchor]]` tables of a recipe's file; whatever is not exactly an anchor is a `UsageError`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from migrator.core.anchor_find import parse_spec
from migrator.core.findings import Kind
from migrator.core.layers import Anchor, Where
from migrator.core.tree import UnsafePathError, check_path
from migrator.repo.toml_table import Table, open_table


def read_anchors(path: Path) -> tuple[Anchor, ...]:
    """The anchors of the file at `path`, at least one."""
    document = open_table(path)
    anchors = tuple(_anchor(anchor) for anchor in document.tables("anchor"))
    document.finish()
    if not anchors:
        document.refuse("anchor", "is missing: write at least one [[anchor]]")
    return anchors


def _anchor(table: Table) -> Anchor:
    anchor = Anchor(
        path=_tree_path(table, "path"),
        symbol=table.text("symbol", ""),
        statement=_statement(table),
        where=Where(_one_of(table, "where", Where)),
        text=table.text("text", ""),
        sha256=table.text("sha256", "", form="[0-9a-f]{1,64}", means="hexadecimal digits"),
        reason=table.text("reason", ""),
        source=table.text("source", ""),
        argument=table.text_or_number("argument", ""),
        call=table.text("call", ""),
        kind=_one_of(table, "kind", Kind, Kind.MODIFIED.value),
        comment=table.text("comment", "", form="[0-9a-f]{1,64}", means="hexadecimal digits"),
    )
    table.finish()
    return anchor


def _one_of(table: Table, key: str, kind: type[Enum], default: str | None = None) -> str:
    names = [str(member.value) for member in kind]
    return table.text(key, default, form="|".join(names), means=f"one of {', '.join(names)}")


def _tree_path(table: Table, key: str) -> str:
    try:
        return check_path(table.text(key))
    except UnsafePathError as error:
        table.refuse(key, f"is unsafe: {error.message}", hint=error.hint)


def _statement(table: Table) -> str:
    text = table.text("statement", "")
    try:
        if text:
            parse_spec(text)
    except ValueError as error:
        table.refuse("statement", f"is wrong: {error}")
    return text
