"""NVIDIA's dllogger gives way to a stand-in where it is not installed."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import FileResult, rewrite
from migrator.core.file import Context
from migrator.rules.dllogger import Dllogger

CONTEXT = Context(make_target(None, None, None, None), load_api_map(), modules=frozenset({"dllogger_stand_in"}))


def run(code: str, *, path: str = "train.py", context: Context = CONTEXT) -> FileResult:
    return rewrite(path, textwrap.dedent(code).encode(), [Dllogger()], context)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "import dllogger\n",
            "try:\n    import dllogger\nexcept ImportError:\n    import dllogger_stand_in as dllogger\n",
        ),
        (
            "import dllogger as DLLogger\n",
            "try:\n    import dllogger as DLLogger\nexcept ImportError:\n    import dllogger_stand_in as DLLogger\n",
        ),
        (
            "import dllogger, time\n",
            "try:\n    import dllogger\nexcept ImportError:\n    import dllogger_stand_in as dllogger\nimport time\n",
        ),
        (
            "from dllogger import JSONStreamBackend, Verbosity as V\n",
            "try:\n    from dllogger import JSONStreamBackend, Verbosity as V\n"
            "except ImportError:\n    from dllogger_stand_in import JSONStreamBackend, Verbosity as V\n",
        ),
        (
            "def main():\n    import dllogger  # text log\n    dllogger.flush()\n",
            "def main():\n    try:\n        import dllogger\n    except ImportError:\n"
            "        import dllogger_stand_in as dllogger  # text log\n    dllogger.flush()\n",
        ),
    ],
)
def test_the_real_one_or_the_stand_in(before: str, after: str) -> None:
    head = "import argparse\n"
    result = run(head + before)

    assert result.data.decode() == head + after
    assert run(result.data.decode()).data == result.data


def test_line_ends_stay() -> None:
    after = run("import os\r\nimport dllogger\r\n").data

    assert after.count(b"\n") == after.count(b"\r\n") == 5


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    import dllogger\nexcept ImportError:\n    dllogger = None\n",
        "import dllogger_stand_in as dllogger\n",
        "from .dllogger import log\n",
        "name = 'dllogger'  # import dllogger\n",
    ],
)
def test_what_it_leaves_alone(code: str) -> None:
    result = run(code)

    assert result.data.decode() == code
    assert result.findings == ()


@pytest.mark.parametrize(
    "code",
    [
        "from dllogger import Logger\n",
        "import dllogger.logger\n",
        "from dllogger.logger import Verbosity\n",
        "import os; import dllogger\n",
    ],
)
def test_what_the_stand_in_has_not_is_a_finding(code: str) -> None:
    result = run(code)

    assert result.data.decode() == code
    assert len(result.findings) == 1


def test_a_layer_without_the_stand_in_leaves_a_finding() -> None:
    result = run("import dllogger\n", context=replace(CONTEXT, modules=frozenset()))

    assert result.data == b"import dllogger\n"
    assert "no stand-in is offered" in result.findings[0].message


def test_a_module_of_the_upstream_in_its_place_is_not_overwritten() -> None:
    result = run("import dllogger\n", context=replace(CONTEXT, paths=frozenset({"dllogger_stand_in.py"})))

    assert result.data == b"import dllogger\n"
    assert "dllogger_stand_in.py is another module" in result.findings[0].message
