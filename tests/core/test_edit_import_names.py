from __future__ import annotations

import ast

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.edit_imports import remove_names
from migrator.core.edits import apply_edits
from migrator.core.file import Context, read


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from m import a, drop, b\n", "from m import a, b\n"),
        ("from m import drop, a\n", "from m import a\n"),
        ("from m import a, drop as x\n", "from m import a\n"),
        ("import a, drop, drop.sub\n", "import a\n"),
        ("from m import (a, drop)\n", "from m import (a)\n"),
        ("from m import (\n    a,  # a\n    drop,  # gone\n    b,\n)\n", "from m import (\n    a,  # a\n    b,\n)\n"),
        ("from m import (\n    a,\n    drop\n)\n", "from m import (\n    a,\n)\n"),
        ("from m import a, \\\n    drop\n", "from m import a\n"),
    ],
)
def test_remove_names(before, after):
    file = read("f.py", before.encode(), Context(make_target(None, None, None, None), load_api_map()))
    statement = file.module.body[0]
    assert isinstance(statement, (ast.Import, ast.ImportFrom))
    unwanted = [alias for alias in statement.names if alias.name.startswith("drop")]
    result = apply_edits(file.source.text, remove_names(file, statement, unwanted)).decode()
    ast.parse(result)
    assert result == after
