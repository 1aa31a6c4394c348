"""Remove a comment that an anchor addresses: one on a line of its own, directly above a statement or inside it.

It is named by the hash of its text, from `#` to its last character, so that no upstream's is quoted.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

from migrator.core.anchor_find import MIN_HASH
from migrator.core.edit_statements import comments, start_of
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.core.rule_layer import DriftError


def remove_comment(file: File, statement: ast.stmt, sha256: str) -> Edit:
    """The edit that removes the one comment with this hash. Raises `DriftError` when there is none, or several."""
    lines = list(_own_lines(file, statement))
    found = [edit for edit, digest in lines if len(sha256) >= MIN_HASH and digest.startswith(sha256.lower())]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"line {file.source.line(edit.start)}: {digest}" for edit, digest in lines) or "none"
    raise DriftError(
        f"{file.path}:{statement.lineno}: {len(found)} comments above or inside the statement have the hash "
        f"{sha256 or '(none given)'}; there are: {known}",
        hint=f"review the anchor's comment, then write {MIN_HASH} digits or more of its hash",
    )


def _own_lines(file: File, statement: ast.stmt) -> Iterator[tuple[Edit, str]]:
    """The removals of the comments on lines of their own, each with the comment's hash."""
    source, start = file.source, file.source.line_start(start_of(file, statement))
    while start and source.text[(above := source.line_start(start - 1)) : start].lstrip().startswith(b"#"):
        start = above
    end = source.line_end(source.span(statement)[1])
    real = set(comments(source.text[start:end]))  # not a line of a text that looks like one
    while start < end:
        stop = source.line_end(start)
        if (line := source.text[start:stop].strip()) in real:
            yield Edit(start, stop, b""), hashlib.sha256(line).hexdigest()
        start = stop
