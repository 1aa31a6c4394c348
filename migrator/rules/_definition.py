"""Functions that a rule adds to a file, before what needs them."""

from __future__ import annotations

import ast
import textwrap

from migrator.core.edit_statements import start_of
from migrator.core.edits import Edit
from migrator.core.file import File


def define(file: File, statement: ast.stmt, text: str) -> Edit:
    """Put a function before the module's statement that holds `statement`, and before the comment that leads it."""
    top = next(s for s in file.module.body if s is statement or s in file.ancestors(statement))
    at = file.source.line_start(start_of(file, top))
    while at and file.source.text[(above := file.source.line_start(at - 1)) : at].startswith(b"#"):
        at = above
    newline = file.source.newline(at).decode()
    return Edit(at, at, textwrap.dedent(text + "\n\n").replace("\n", newline).encode())
