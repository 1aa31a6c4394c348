"""The styles of a port: hpu's names in the code, or CUDA's names and Gaudi's own GPU migration while it runs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.own_recipe import OwnRecipe
from tests.scenarios.running import Done, Migrate, commits, contents, git, sane
from tests.scenarios.style_texts import CHANGED, MODEL, TRAIN


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A small CUDA repository without a recipe."""
    folder = tmp_path / "classifier"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    (folder / "model.py").write_text(MODEL)
    (folder / "README.md").write_text("Trains.\n")
    return folder


def apply(migrate: Migrate, folder: Path, *words: str) -> Done:
    level = () if "--level" in words else ("--level", "minimal")
    return migrate(folder, "apply", "./classifier", *level, "-o", "out", *words)


def changed_lines(output: Path, file: str) -> str:
    lines = git(output, "diff", "-U0", "upstream", "minimal", "--", file).splitlines()
    return "".join(f"{line}\n" for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))


def parses_and_knows_its_names(output: Path) -> None:
    files = sorted(output.glob("*.py"))
    for path in files:
        ast.parse(path.read_bytes())
    checks = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E9,F63,F7,F82", *map(str, files)]
    done = subprocess.run(checks, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_cuda_names_stay_and_the_script_starts_gpu_migration(migrate: Migrate, upstream: Path) -> None:
    done = apply(migrate, upstream.parent, "--style", "gpu-migration")
    output = upstream.parent / "out"
    assert (done.code, done.err) == (0, "")
    assert "style=gpu-migration" in done.out
    assert {file: changed_lines(output, file) for file in CHANGED} == CHANGED
    assert git(output, "diff", "--name-only", "upstream", "minimal").split() == sorted(CHANGED)
    parses_and_knows_its_names(output)
    sane(output)
    assert "Target: release=1.24 mode=lazy chip=gaudi2 style=gpu-migration" in git(output, "log", "-1", "--format=%B")
    left = [line.strip() for line in done.out.splitlines() if ": manual: " in line]
    assert [line.split(": ")[2] for line in left] == [
        "from apex.normalization import FusedLayerNorm",  # apex has to be installed
        "torch.cuda.ipc_collect",  # not known to be answered
    ]


def test_native_names_hpu_and_needs_no_migration(migrate: Migrate, upstream: Path) -> None:
    assert apply(migrate, upstream.parent).code == 0
    output = upstream.parent / "out"
    train = (output / "train.py").read_text()
    assert "style=native" in git(output, "log", "-1", "--format=%B")
    assert "cuda" not in train
    assert "MIGRATION" not in train
    assert 'torch.autocast("hpu", dtype=torch.bfloat16)' in train
    parses_and_knows_its_names(output)


@pytest.mark.parametrize("style", ["native", "gpu-migration"])
def test_a_second_run_changes_nothing(migrate: Migrate, upstream: Path, style: str) -> None:
    words = ("--level", "performance", "--style", style)
    assert apply(migrate, upstream.parent, *words).code == 0
    output = upstream.parent / "out"
    before, seen = commits(output), contents(output)
    parses_and_knows_its_names(output)
    again = apply(migrate, upstream.parent, *words)
    assert (again.code, again.err) == (0, "")
    assert "nothing to do" in again.out
    assert (commits(output), contents(output)) == (before, seen)


@pytest.mark.parametrize(("first", "second"), [("native", "gpu-migration"), ("gpu-migration", "native")])
def test_an_output_keeps_its_style(migrate: Migrate, upstream: Path, first: str, second: str) -> None:
    assert apply(migrate, upstream.parent, "--style", first).code == 0
    before = contents(upstream.parent / "out")
    done = apply(migrate, upstream.parent, "--style", second)
    assert (done.code, done.out) == (2, "")
    assert f"style={first}" in done.err
    assert f"asked for was release=1.24 mode=lazy chip=gaudi2 style={second}" in done.err
    assert "choose another output with -o" in done.err
    assert contents(upstream.parent / "out") == before


def test_a_release_that_starts_it_by_an_import(migrate: Migrate, upstream: Path) -> None:
    assert apply(migrate, upstream.parent, "--style", "gpu-migration", "--release", "1.9").code == 0
    train = (upstream.parent / "out" / "train.py").read_text()
    assert train.index("import habana_frameworks.torch.gpu_migration") < train.index("import torch\n")
    assert "MIGRATION" not in train


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--style", "gpu_migration"), "invalid choice: 'gpu_migration' (choose from"),
        (("--style", "agnostic"), "invalid choice: 'agnostic' (choose from"),
        (("--style", "gpu-migration", "--release", "1.8"), "release 1.8 has no GPU migration"),
    ],
)
def test_a_style_that_there_is_not(migrate: Migrate, upstream: Path, words: tuple[str, ...], said: str) -> None:
    done = apply(migrate, upstream.parent, *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (upstream.parent / "out").exists()


def test_a_recipe_that_has_the_one_style_only(migrate: Migrate, tmp_path: Path) -> None:
    done = migrate(tmp_path, "apply", "sample-bert", "--level", "minimal", "--style", "gpu-migration", "-o", "out")
    assert (done.code, done.out) == (2, "")
    assert "recipe sample-bert has no style gpu-migration" in done.err
    assert "its styles are native" in done.err
    assert not (tmp_path / "out").exists()


def test_a_stage_that_has_no_layer_of_the_style(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    migration = '[[stage.layer]]\nkind = "rules"\nname = "toolkit"\nreason = "It is."\nsource = "https://example.org"\n'
    migration += 'rules = ["gpu-migration"]\nstyles = ["gpu-migration"]\n\n'
    own.change(own.series, '[[stage]]\nname = "packed"', migration + '[[stage]]\nname = "packed"')
    own.change(own.series, 'rules = ["device-strings"]\n', 'rules = ["device-strings"]\nstyles = ["native"]\n')
    own.change(own.series, 'folder = "packed/files"\n', 'folder = "packed/files"\nstyles = ["native"]\n')
    words = ("apply", "own", "--style", "gpu-migration", "-o", "out", "--level")
    done = migrate_own(tmp_path, *words, "performance")
    assert done.code == 2
    assert "recipe own has no stage packed in style gpu-migration" in done.err
    assert "its levels in this style are minimal" in done.err
    assert migrate_own(tmp_path, *words, "minimal").code == 0
    train = (tmp_path / "out" / "train.py").read_text()
    assert train.index("PT_HPU_GPU_MIGRATION") < train.index("import torch\n")
    assert 'torch.device("cuda")' in train
