"""What the ported files of NVIDIA's BERT promise, on the real upstream."""

from __future__ import annotations

import ast
import importlib
import os
import re
from pathlib import Path

import pytest

import migrator
from migrator.core.findings import Finding, Kind
from migrator.recipes import load_recipe
from migrator.repo.workspace import Workspace
from migrator.report.records import from_lines
from migrator.report.standing import standing_findings
from migrator.resources import package_data
from tests.scenarios.running import git
from tests.upstream.conftest import BERT
from tests.upstream.gpu_uses import gpu_lines
from tests.upstream.python_names import undefined_names, unresolved
from tests.upstream.quoting import quoted
from tests.upstream.stage_texts import python, texts

pytestmark = pytest.mark.upstream

STAGES = load_recipe(BERT).stages
LAST = STAGES[-1].name
# An independent look for the words that start or stop a run; `#` begins a comment in all these files.
WORDS = re.compile(r"nvidia-smi|CUDA_VISIBLE_DEVICES|NVIDIA_BUILD_ID|NCCL_|nvcr\.io|--gpus|trtserver|tensorrtserver")
SCRIPTS = (".sh", ".sub", "Dockerfile", "requirements.txt")


@pytest.fixture(scope="module")
def upstream(bert_made: Path) -> dict[str, str]:
    return texts(bert_made, "upstream")


@pytest.fixture(scope="module")
def ported(bert_made: Path) -> dict[str, str]:
    return texts(bert_made, LAST)


@pytest.fixture(scope="module")
def findings(bert_made: Path) -> list[Finding]:
    """What is left for a person after the last stage."""
    workspace = Workspace.open(bert_made)
    stages = [stage for stage in workspace.stages() if stage.name != "upstream"]
    records = {stage.name: from_lines(workspace.records(stage.name)) for stage in stages}
    return standing_findings(workspace, stages, records)


def test_the_counters_see_what_the_upstream_has(upstream: dict[str, str]) -> None:
    counted = {path: len(gpu_lines(text)) for path, text in python(upstream).items()}
    assert counted["run_pretraining.py"] > 20
    assert sum(counted.values()) > 100
    assert undefined_names(upstream["run_glue.py"]) == {"pearson_and_spearman"}
    assert {"apex.amp", "amp_C", "dllogger"} <= unresolved("run_pretraining.py", python(upstream))


def test_every_gpu_only_use_in_python_is_ported_or_listed(ported: dict[str, str], findings: list[Finding]) -> None:
    used = {(path, line) for path, text in python(ported).items() for line in gpu_lines(text)}
    listed = {(finding.file, finding.line) for finding in findings if finding.rule == "gpu-leftovers"}
    assert used == listed


def test_every_finding_stands_on_a_line_that_has_it(ported: dict[str, str], findings: list[Finding]) -> None:
    assert {finding.kind for finding in findings} <= {Kind.MANUAL, Kind.UNSUPPORTED}
    for finding in findings:
        line = ported[finding.file].split("\n")[finding.line - 1]
        assert re.split(r"[(\s]", finding.api)[0] in line, finding
        assert finding.message
        assert finding.advice


def test_every_gpu_only_word_in_scripts_is_listed(ported: dict[str, str], findings: list[Finding]) -> None:
    files = {path: text for path, text in ported.items() if path.endswith(SCRIPTS) and path != "bind.sh"}
    used = {
        (path, number)
        for path, text in files.items()
        for number, line in enumerate(text.split("\n"), 1)
        if WORDS.search(line.partition("#")[0])
    }
    assert len(used) > 10
    assert used == {(f.file, f.line) for f in findings if f.file in files}


def test_the_binding_of_ranks_asks_gaudis_tool_first(ported: dict[str, str]) -> None:
    lines = ported["bind.sh"].split("\n")
    (at,) = [number for number, line in enumerate(lines) if "nvidia-smi" in line]
    assert lines[at - 1] == "else"
    assert "hl-smi" in lines[at - 2]


def test_all_python_parses_with_the_oldest_grammar(ported: dict[str, str]) -> None:
    for path, text in python(ported).items():
        ast.parse(text, path, feature_version=(3, 10))


def test_no_name_is_undefined_that_was_not(upstream: dict[str, str], ported: dict[str, str]) -> None:
    found = {path: undefined_names(text) for path, text in python(ported).items()}
    before = {path: undefined_names(text) for path, text in python(upstream).items()}
    assert {path: new for path, names in found.items() if (new := names - before.get(path, set()))} == {}


def new_imports(upstream: dict[str, str], ported: dict[str, str]) -> set[str]:
    old, new = python(upstream), python(ported)
    known = {name for path in old for name in unresolved(path, old)}
    return {name for path in new for name in unresolved(path, new)} - known


def test_imports_that_came_are_of_torch_and_gaudis_software(upstream: dict[str, str], ported: dict[str, str]) -> None:
    names = new_imports(upstream, ported)
    assert {name.partition(".")[0] for name in names} <= {"torch", "habana_frameworks"}
    emulated = Path(migrator.__file__).parent / "emulator" / "facade"
    for name in (name for name in names if name.startswith("habana_frameworks")):
        module, _, last = name.rpartition(".")
        package = emulated / module.replace(".", "/") / "__init__.py"
        listed = package.is_file() and last in package.read_text(encoding="utf-8")
        assert listed or list(emulated.glob(f"{name.replace('.', '/')}*")), name


def test_torch_has_what_is_imported_from_it(upstream: dict[str, str], ported: dict[str, str]) -> None:
    pytest.importorskip("torch")
    for name in sorted(name for name in new_imports(upstream, ported) if name.startswith("torch.")):
        module, _, last = name.rpartition(".")
        assert hasattr(importlib.import_module(module), last), name


@pytest.mark.parametrize("stage", [stage.name for stage in STAGES])
def test_most_of_the_upstreams_lines_are_kept(bert_made: Path, upstream: dict[str, str], stage: str) -> None:
    """Lines that came to stand in a block, with another indentation only, are kept."""
    options = ("--numstat", "--no-renames", "--ignore-all-space")
    rows = git(bert_made, "diff", *options, "upstream", stage, "--", "*.py").splitlines()
    deleted = {path: int(gone) for _, gone, path in (row.split("\t") for row in rows) if path in upstream}
    whole = {path: len(upstream[path].split("\n")) for path in deleted}
    assert 1 - deleted["run_pretraining.py"] / whole["run_pretraining.py"] >= 0.85
    assert 1 - sum(deleted.values()) / sum(whole.values()) >= 0.90


def test_the_recipe_quotes_nothing_of_the_upstream(upstream: dict[str, str]) -> None:
    patches = package_data() / "patches"
    assert quoted([patches / BERT, patches / "shared"], upstream) == []


def test_a_quotation_would_be_found(upstream: dict[str, str], tmp_path: Path) -> None:
    taken = [line.strip() for line in upstream["modeling.py"].split("\n") if line.strip()]
    long = max(taken, key=len)
    (tmp_path / "a.toml").write_text(f"text = '''\n  {long}\n'''\n" if "'''" not in long else long)
    (tmp_path / "b.diff").write_text("".join(f"+{line}\n" for line in taken[200:203]))
    assert {found.partition(":")[0] for found in quoted([tmp_path], upstream)} == {
        os.fspath(tmp_path / "a.toml"),
        os.fspath(tmp_path / "b.diff"),
    }
