"""The shape of the package, by its own imports: dependencies point one way, and the core is pure."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "migrator"
# What a part may import, besides what stands below it in this list. Parts not named are modules at the top level.
LAYERS = (
    frozenset({"errors", "__version__"}),
    frozenset({"core"}),
    frozenset({"resources", "toml_file"}),
    frozenset({"config", "api_map_files", "text_map_files", "recipes", "recipe_layers", "recipe_anchors"})
    | frozenset({"rules", "codemods", "repo", "report", "packing", "runtime", "emulator"}),
)
TOP = frozenset({"cli", "commands", "__main__"})  # nothing else may import these
PURE = frozenset({"libcst", "unidiff"}) | sys.stdlib_module_names
IMPURE = frozenset(
    {"os", "shutil", "subprocess", "socket", "tempfile", "urllib", "http", "multiprocessing", "threading", "logging"}
)
HEAVY = ("libcst", "rich", "git", "numpy", "h5py", "highspy", "unidiff", "torch")
LONGEST = 200  # lines of a file


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "data" not in path.relative_to(PACKAGE).parts)


def named(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module that a file imports anywhere, also in functions and for type checkers only."""
    return frozenset(_imports(ast.parse(path.read_bytes())))


def _imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "write imports in full"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(module: str) -> str:
    """`core` for `migrator.core.edits`, "" for the package itself."""
    return [*module.split("."), ""][1]


def own_parts(path: Path) -> set[str]:
    return {part(name) for name in imports(path) if name.split(".")[0] == "migrator"} - {""}


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=named)
def test_the_core_imports_nothing_but_pure_libraries(path: Path) -> None:
    others = {name.split(".")[0] for name in imports(path)} - {"migrator"}
    assert others <= PURE
    assert not others & IMPURE
    assert own_parts(path) <= {"core", "errors"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=named)
def test_the_core_touches_no_file(path: Path) -> None:
    names = {node.id for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Name)}
    assert not names & {"open", "print", "input", "Path", "eval", "exec", "__import__"}


@pytest.mark.parametrize("path", modules(), ids=named)
def test_dependencies_point_one_way(path: Path) -> None:
    mine = part(named(path))
    level = next((at for at, layer in enumerate(LAYERS) if mine in layer), len(LAYERS))
    known = frozenset().union(*LAYERS)
    for other in own_parts(path) - {mine}:
        assert other not in TOP or mine in TOP, f"{mine} imports {other}"
        below = next((at for at, layer in enumerate(LAYERS) if other in layer), len(LAYERS))
        assert below <= level, f"{mine} imports {other}, which stands above it"
    if mine in ("rules", "codemods"):
        assert own_parts(path) & known <= {"core", "errors", "rules", "codemods"}


@pytest.mark.parametrize("path", modules(), ids=named)
def test_nothing_imports_the_tests(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & {"tests", "pytest", "hypothesis"}


def test_imports_of_modules_make_no_circle() -> None:
    known = {named(path): path for path in modules()}
    waiting: dict[str, set[str]] = {}
    for name, path in known.items():
        found = {target if target in known else target.rpartition(".")[0] for target in imports(path)}
        waiting[name] = (found & known.keys()) - {name}
    while free := [name for name, others in waiting.items() if not others & waiting.keys()]:
        for name in free:
            del waiting[name]
    assert not waiting, f"these import one another: {sorted(waiting)}"


def test_starting_up_loads_nothing_heavy() -> None:
    code = f"import sys, migrator.cli; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def rule_names() -> list[str]:
    stems = (path.stem for path in sorted((PACKAGE / "rules").glob("*.py")))
    return [stem for stem in stems if not stem.startswith("_")]


@pytest.mark.parametrize("stem", rule_names())
def test_a_rule_has_a_test_and_a_line_in_the_docs(stem: str) -> None:
    assert (ROOT / "tests" / "rules" / f"test_{stem}.py").is_file()
    rows = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8").splitlines()
    assert sum(row.startswith(f"| `{stem.replace('_', '-')}` | ") for row in rows) == 1


def test_the_docs_name_no_rule_that_is_not_there() -> None:
    rows = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8").splitlines()
    assert {row.split("`")[1].replace("-", "_") for row in rows if row.startswith("| `")} == set(rule_names())


@pytest.mark.parametrize("path", modules(), ids=named)
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", [path for path in modules() if path.name != "console.py"], ids=named)
def test_only_the_console_prints(path: Path) -> None:
    calls = (node.func for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call))
    assert "print" not in {func.id for func in calls if isinstance(func, ast.Name)}


@pytest.mark.parametrize("path", [path for path in modules() if path.stem not in TOP], ids=named)
def test_the_library_never_exits(path: Path) -> None:
    assert not imports(path) & {"sys.exit"}
    calls = [node.func for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)]
    exits = {("sys", "exit"), ("os", "_exit")}
    dotted = {(f.value.id, f.attr) for f in calls if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name)}
    assert not dotted & exits
    assert not {func.id for func in calls if isinstance(func, ast.Name)} & {"exit", "quit"}
