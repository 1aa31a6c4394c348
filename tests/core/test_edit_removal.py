from __future__ import annotations

import ast

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.edit_removal import remove_all
from migrator.core.edits import apply_edits
from migrator.core.file import Context, read


def removed(code: str) -> str:
    """`code` without its statements that are `drop()` or hold it as a whole."""
    file = read("f.py", code.encode(), Context(make_target(None, None, None, None), load_api_map()))
    drops = [n for n in ast.walk(file.module) if isinstance(n, ast.Expr) and file.text(n) == "drop()"]
    after = apply_edits(file.source.text, remove_all(file, drops)).decode()
    ast.parse(after)
    return after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\ndrop()\nb\n", "a\nb\n"),
        ("a; drop(); b\n", "a; b\n"),
        ("a; drop(); drop()\n", "a\n"),
        ("drop(); drop(); b  # c\n", "b  # c\n"),
        ("drop();\nb\n", "b\n"),
        ("a\ndrop()", "a\n"),
        ("if x:\n    drop()\n    drop()\nb\n", "b\n"),
        ("if x: drop()\nb\n", "b\n"),
        ("if f():\n    drop()\n    drop()\nb\n", "if f():\n    pass\nb\n"),
        ("if x:\n    a\nelse:  # or\n    drop()\nb\n", "if x:\n    a\nb\n"),
        ("if x:\n    a\nelif y:\n    drop()\nb\n", "if x:\n    a\nb\n"),
        ("if x:\n    a\nelif y:\n    drop()\nelse:\n    drop()\nb\n", "if x:\n    a\nb\n"),
        ("if x:\n    drop()\nelse:\n    drop()\nb\n", "b\n"),
        ("if x:\n    drop()\nelse:\n    a\n", "if x:\n    pass\nelse:\n    a\n"),
        ("if x:\n    if y:\n        drop()\n    drop()\nb\n", "b\n"),
        ("for i in j:\n    if x:\n        drop()\n", "for i in j:\n    pass\n"),
        ("try:\n    drop()\nexcept E:\n    drop()\n", "try:\n    pass\nexcept E:\n    pass\n"),
        ("a\n\ndrop()\n\nb\n", "a\n\nb\n"),
        ("a\n\ndrop()\n\n\ndef f(): pass\n", "a\n\n\ndef f(): pass\n"),
        ("if x:\n    drop()\n\n    a\n", "if x:\n    a\n"),
        ("drop()\n\na\n", "a\n"),
        ("a\r\ndrop()\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
    ],
)
def test_removal(before, after):
    assert removed(before) == after
