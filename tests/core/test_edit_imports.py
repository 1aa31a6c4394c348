"""Imports added at the top of a module, once."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from migrator.core.edit_imports import bound_as, ensure_import, has_import
from migrator.core.edits import apply_edits
from migrator.core.file import File

Parsed = Callable[[str | bytes], File]
NEW = "import new.core as n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "import new.core as n\n"),
        ("# only a comment", "# only a comment\nimport new.core as n\n"),
        ("#!/bin/py\n# licence\n\nx = 1\n", "#!/bin/py\n# licence\n\nimport new.core as n\nx = 1\n"),
        ('"""doc"""\n', '"""doc"""\nimport new.core as n\n'),
        ('"""doc"""', '"""doc"""\nimport new.core as n'),
        ('"""doc"""; from __future__ import a\nx\n', '"""doc"""; from __future__ import a\nimport new.core as n\nx\n'),
        ("from __future__ import a\r\nx\r\n", "from __future__ import a\r\nimport new.core as n\r\nx\r\n"),
        ("from __future__ import a\nimport os\nx\n", "from __future__ import a\nimport os\nimport new.core as n\nx\n"),
        ("import os\nimport torch\nimport re\n", "import os\nimport torch\nimport new.core as n\nimport re\n"),
        ("import os\nfrom torch.nn import A\n", "import os\nfrom torch.nn import A\nimport new.core as n\n"),
        ("import os\nfrom .torch import A\n", "import os\nimport new.core as n\nfrom .torch import A\n"),
        ("from torch import (\n  a,\n)\nx\n", "from torch import (\n  a,\n)\nimport new.core as n\nx\n"),
        ("import torch; x = 1  # c\ny\n", "import torch; x = 1  # c\nimport new.core as n\ny\n"),
        ("import torch; x = [\n1]; y = 2\nz\n", "import torch; x = [\n1]; y = 2; import new.core as n\nz\n"),
        ("@d\ndef f(): pass\n", "import new.core as n\n@d\ndef f(): pass\n"),
        ("try:\n  import torch\nexcept E: pass\n", "import new.core as n\ntry:\n  import torch\nexcept E: pass\n"),
        ("\ufeffimport torch\n", "\ufeffimport torch\nimport new.core as n\n"),
    ],
)
def test_where_it_goes(parsed: Parsed, before: str, after: str) -> None:
    file = parsed(before)
    result = file.source.encode(apply_edits(file.source.text, ensure_import(file, NEW))).decode()
    assert result == after
    assert compile(result.encode(), "a.py", "exec", ast.PyCF_ONLY_AST)
    assert ensure_import(parsed(result), NEW) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\nimport sys\n\nimport torch\n", "import os\nimport re\nimport sys\n\nimport torch\n"),
        ("import os\n\nimport torch\nx\n", "import os\nimport re\n\nimport torch\nx\n"),
        ("# ours\nimport sys\nimport torch\n", "# ours\nimport re\nimport sys\nimport torch\n"),
        ("from os import a\nimport torch\n", "import re\nfrom os import a\nimport torch\n"),
        ("import time\nimport os\nimport torch\n", "import time\nimport os\nimport re\nimport torch\n"),
        ("import time\nimport os  # c\r\nx\r\n", "import time\nimport os  # c\r\nimport re\r\nx\r\n"),
        ("import csv; import os\nimport torch\n", "import csv; import os\nimport re\nimport torch\n"),
        ("'doc'; import sys\nimport torch\n", "'doc'; import sys\nimport re\nimport torch\n"),
        (
            "import sys\ny()\nimport os\nimport io\nimport torch",
            "import sys\ny()\nimport os\nimport io\nimport re\nimport torch",
        ),
        ("from __future__ import a\nimport torch\nx\n", "from __future__ import a\nimport torch\nimport re\nx\n"),
        (
            "import os, numpy\nfrom .os import a\nimport torch\n",
            "import os, numpy\nfrom .os import a\nimport torch\nimport re\n",
        ),
        ("import torch\nre.x()\nimport os\nimport io\n", "import torch\nimport re\nre.x()\nimport os\nimport io\n"),
        ("import torch\nimport math\nx\n", "import torch\nimport re\nimport math\nx\n"),
    ],
)
def test_the_standard_librarys_go_to_their_like(parsed: Parsed, before: str, after: str) -> None:
    """In their order where they have one; no line changes its place, and what is used is imported before."""
    file = parsed(before)
    assert apply_edits(file.source.text, ensure_import(file, "import re")).decode() == after
    assert ensure_import(parsed(after), "import re") == []


def test_a_note_stands_behind_it(parsed: Parsed) -> None:
    file = parsed("import torch; x\n")
    assert apply_edits(file.source.text, ensure_import(file, NEW, note="why")) == (
        b"import torch; x\nimport new.core as n  # why\n"
    )


@pytest.mark.parametrize(
    ("code", "statement", "has"),
    [
        ("import a, b as c\n", "import b as c", True),
        ("import a.b\n", "import a", False),
        ("import a as b\n", "import a", False),
        ("from a import b, c\n", "from a import c", True),
        ("from .a import c\n", "from a import c", False),
        ("def f():\n  import a\n", "import a", False),
    ],
)
def test_what_counts_as_there(parsed: Parsed, code: str, statement: str, has: bool) -> None:
    assert has_import(parsed(code), statement) is has


def test_the_name_of_an_import(parsed: Parsed) -> None:
    file = parsed("import a.b as c\nfrom d import e as f\ndef g():\n  import h\n")
    assert [bound_as(file, name) for name in ("a.b", "d.e", "h", "d")] == ["c", "f", "", ""]
