from __future__ import annotations

import argparse
import os

import pytest

RULE = "local-rank"
HEAD = "import os\n\n"
OLD, NEW, MPI = "--local_rank", "--local-rank", "OMPI_COMM_WORLD_LOCAL_RANK"


TEXT = ', "-1"'


def env(last: str) -> str:
    return f'os.getenv("LOCAL_RANK", os.getenv("{MPI}"{last}))'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'"{OLD}", type=int, default=-1', f'"{OLD}", "{NEW}", type=int, default={env(", -1")}'),
        (f'"{NEW}", type=int, default=0', f'"{NEW}", "{OLD}", type=int, default={env(", 0")}'),
        (f"'{OLD}', type=int, default=None", f"'{OLD}', '{NEW}', type=int, default={env('')}"),
        (f'"{OLD}", default=-1, help="rank"', f'"{OLD}", "{NEW}", default={env(", -1")}, help="rank", type=int'),
        (f'"{OLD}"', f'"{OLD}", "{NEW}", type=int, default={env("")}'),
        (f'"{OLD}", "{NEW}", type=int, default=-1', f'"{OLD}", "{NEW}", type=int, default={env(", -1")}'),
        (
            f'"-l", "{OLD}", dest="rank", type=int, default="-1"',
            f'"-l", "{OLD}", "{NEW}", dest="rank", type=int, default={env(TEXT)}',
        ),
        (
            f'"{OLD}", default=os.getenv("LOCAL_RANK", -1)',
            f'"{OLD}", "{NEW}", default={env(", -1")}, type=int',
        ),
        (
            f'"{OLD}", type=int, default=int(os.environ.get("LOCAL_RANK", 0))',
            f'"{OLD}", "{NEW}", type=int, default=int(os.environ.get("LOCAL_RANK", os.environ.get("{MPI}", 0)))',
        ),
        (f'"{OLD}", type=int, default=args.rank', f'"{OLD}", "{NEW}", type=int, default=args.rank'),
        (
            f'"{OLD}",\n    type=int,  # a number\n    default=-1,\n    help="rank",\n',
            f'"{OLD}", "{NEW}",\n    type=int,  # a number\n    default={env(", -1")},\n    help="rank",\n',
        ),
    ],
)
def test_option(check_transformed, before, after):
    check_transformed(f"{HEAD}parser.add_argument({before})\n", f"{HEAD}parser.add_argument({after})\n", RULE)


@pytest.mark.parametrize("given", [OLD, NEW])
@pytest.mark.parametrize(
    ("environment", "arguments", "rank"),
    [
        ({}, [], -1),
        ({"LOCAL_RANK": "3"}, [], 3),
        ({MPI: "2"}, [], 2),
        ({"LOCAL_RANK": "0", MPI: "2"}, [], 0),
        ({"LOCAL_RANK": "3"}, ["--local_rank=1"], 1),
        ({}, ["--local-rank=1"], 1),
    ],
)
def test_what_the_option_says(run, monkeypatch, given, environment, arguments, rank):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    monkeypatch.delenv(MPI, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    parser = argparse.ArgumentParser()
    line = run(f"{HEAD}parser.add_argument('{given}', default=-1)\n", RULE).data.decode().splitlines()[-1]

    exec(line, {"parser": parser, "os": os})

    assert parser.parse_args(arguments) == argparse.Namespace(local_rank=rank)


def test_module_os_is_imported(check_transformed):
    check_transformed(
        f'import torch\nparser.add_argument("{OLD}", type=int, default=-1)\n',
        f'import torch\nimport os\nparser.add_argument("{OLD}", "{NEW}", type=int, default={env(", -1")})\n',
        RULE,
    )


def test_module_os_has_another_name(check_transformed):
    check_transformed(
        f'import os as system\nparser.add_argument("{OLD}", "{NEW}", type=int, default=0)\n',
        f'import os as system\nparser.add_argument("{OLD}", "{NEW}", type=int, '
        f'default=system.getenv("LOCAL_RANK", system.getenv("{MPI}", 0)))\n',
        RULE,
    )


def test_name_of_the_module_that_is_something_else_is_reported(run):
    code = f'import os\ndef f(parser, os):\n    parser.add_argument("{OLD}", type=int, default=-1)\n'
    result = run(code, RULE)
    assert result.data.decode() == code
    assert [finding.line for finding in result.findings] == [3]


@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("type=str", "not int"),
        ("required=True, type=int", "required"),
        ("nargs=1", "nargs"),
        ("**options", "**"),
    ],
)
def test_option_of_another_form_gets_the_spelling_and_is_reported(run, argument, why):
    result = run(f'{HEAD}parser.add_argument("{OLD}", {argument})\n', RULE)
    assert result.data.decode() == f'{HEAD}parser.add_argument("{OLD}", "{NEW}", {argument})\n'
    assert [why in finding.message for finding in result.findings] == [True]


def test_spelling_that_another_option_has(check_noop):
    check_noop(f'parser.add_argument("{OLD}", type=int, default=a)\nparser.add_argument("{NEW}", default=b)\n', RULE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('os.getenv("LOCAL_RANK", -1)', env(", -1")),
        ('os.getenv("LOCAL_RANK")', env("")),
        ("os.getenv('LOCAL_RANK', default=rank)", f"os.getenv('LOCAL_RANK', default=os.getenv(\"{MPI}\", rank))"),
        ('int(os.environ["LOCAL_RANK"])', f'int(os.environ.get("LOCAL_RANK") or os.environ["{MPI}"])'),
        ('os.environ["LOCAL_RANK"] == "0"', f'(os.environ.get("LOCAL_RANK") or os.environ["{MPI}"]) == "0"'),
        (
            "f\"rank {os.environ['LOCAL_RANK']}\"",
            f"f\"rank {{(os.environ.get('LOCAL_RANK') or os.environ['{MPI}'])}}\"",
        ),
    ],
)
def test_environment(check_transformed, before, after):
    check_transformed(f"{HEAD}x = {before}\n", f"{HEAD}x = {after}\n", RULE)


def test_imported_names(check_transformed):
    check_transformed(
        'from os import environ, getenv as get\na = int(environ["LOCAL_RANK"])\nb = get("LOCAL_RANK", 0)\n',
        f'from os import environ, getenv as get\na = int(environ.get("LOCAL_RANK") or environ["{MPI}"])\n'
        f'b = get("LOCAL_RANK", get("{MPI}", 0))\n',
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        'os.environ["LOCAL_RANK"] = "0"\n',
        'if "LOCAL_RANK" in os.environ:\n    rank = int(os.environ["LOCAL_RANK"])\n',
        'rank = os.environ["LOCAL_RANK"] if "LOCAL_RANK" in os.environ else 0\n',
        'rank = "LOCAL_RANK" in os.environ and int(os.environ["LOCAL_RANK"])\n',
        f'rank = os.getenv("{MPI}", os.getenv("LOCAL_RANK", 0))\n',
        'rank = os.getenv("RANK", -1)\n',
        "def f(os):\n    return os.getenv('LOCAL_RANK', 0)\n",
        f"# {OLD}\ncommand = ['{OLD}=0', \"os.getenv('LOCAL_RANK', -1)\"]\n",
        f'parser.remove_argument("{OLD}")\n',
    ],
)
def test_others_stay(check_noop, code):
    check_noop(HEAD + code, RULE)


def test_tabs_and_crlf(check_transformed):
    check_transformed(
        f'import torch\r\ndef f(p):\r\n\tp.add_argument("{OLD}",\r\n\t\ttype=int,\r\n\t\tdefault=-1)\r\n',
        f'import torch\r\nimport os\r\ndef f(p):\r\n\tp.add_argument("{OLD}", "{NEW}",\r\n\t\ttype=int,\r\n'
        f"\t\tdefault={env(', -1')})\r\n",
        RULE,
    )
