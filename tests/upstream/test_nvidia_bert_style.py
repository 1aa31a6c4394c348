"""nvidia-bert in the style gpu-migration: CUDA's names and apex stay, and every script starts Gaudi's migration."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from tests.scenarios.running import Migrate, contents, git, sane
from tests.upstream.gpu_uses import gpu_lines
from tests.upstream.python_names import undefined_names

pytestmark = pytest.mark.upstream

STYLE = ("--style", "gpu-migration")
SCRIPTS = ("extract_features.py", "inference.py", "run_glue.py", "run_pretraining.py", "run_squad.py", "run_swag.py")
START = """\
os.environ.setdefault("PT_HPU_LAZY_MODE", "1")
os.environ.setdefault("PT_HPU_GPU_MIGRATION", "1")
os.environ.setdefault("PT_HPU_CONVERT_FP16_TO_BF16_FOR_MIGRATION", "1")
import habana_frameworks.torch.core as htcore
"""
DATA_PARALLEL = re.compile(r"DataParallel|device_count")  # one process has one card: they go in every style


@pytest.fixture(scope="module")
def made(bert_migrate: Migrate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The port at level minimal. Not to be changed."""
    folder = tmp_path_factory.mktemp("style")
    done = bert_migrate(folder, "apply", "nvidia-bert", "--level", "minimal", *STYLE, "-o", "out")
    assert done.code == 0, done.err
    return folder / "out"


def before(output: Path, file: str) -> str:
    return git(output, "show", f"upstream:{file}")


def python_files(output: Path) -> list[str]:
    return [file for file in git(output, "ls-tree", "-r", "--name-only", "upstream").split() if file.endswith(".py")]


def gpu_text(code: str) -> list[str]:
    """The lines that use a GPU, in order, without those about several cards a process."""
    lines = code.splitlines()
    return [lines[n - 1].strip() for n in sorted(gpu_lines(code)) if not DATA_PARALLEL.search(lines[n - 1])]


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_starts_the_migration_before_anything_else(made: Path, script: str) -> None:
    code = (made / script).read_text()
    assert code.count(START) == 1
    first, foreign = code.index(START), re.compile(r"^(?:import|from) (?:torch|numpy|h5py|apex|modeling)", re.MULTILINE)
    found = foreign.search(code)
    assert found is not None
    assert first < found.start()


def test_modules_that_are_not_run_do_not(made: Path) -> None:
    for file in ("modeling.py", "optimization.py", "schedulers.py", "utils.py"):
        assert "habana" not in (made / file).read_text(), file


def test_cuda_names_stay(made: Path) -> None:
    kept = 0
    for file in python_files(made):
        gone = [line for line in gpu_text(before(made, file)) if line not in (made / file).read_text()]
        assert gone == [], file
        kept += len(gpu_text((made / file).read_text()))
    assert kept > 100


def test_no_file_names_the_device_hpu(made: Path) -> None:
    for file in python_files(made):
        code = (made / file).read_text()
        assert "torch.hpu" not in code, file
        assert not re.search(r"""["'](?:hpu|hccl)(?::\d)?["']""", code), file


def test_marks_follow_the_backward_pass_and_the_optimizer(made: Path) -> None:
    for script in ("run_glue.py", "run_pretraining.py", "run_squad.py", "run_swag.py"):
        assert (made / script).read_text().count("htcore.mark_step()") >= 2, script


def test_every_file_parses_and_knows_its_names(made: Path) -> None:
    for file in python_files(made):
        code = (made / file).read_text()
        ast.parse(code)
        assert undefined_names(code) <= undefined_names(before(made, file)), file


def test_what_is_listed_is_what_the_toolkit_is_not_known_to_answer(bert_migrate: Migrate, made: Path) -> None:
    done = bert_migrate(made.parent, "log", "out", "--json", "--rule", "gpu-leftovers")
    assert done.code == 0, done.err
    found = [json.loads(line)["api"] for line in done.out.splitlines()]
    for name in ("torch.cuda.synchronize", "torch.cuda.is_available", "amp.initialize", "FusedLAMB", "amp.scale_loss"):
        assert name not in found
    assert {"multi_tensor_applier", "FP16_Optimizer", "torch.jit.trace"} <= set(found)
    assert "from apex import amp" in found  # apex itself has to be installed


def test_a_second_run_changes_nothing(bert_migrate: Migrate, made: Path) -> None:
    seen = contents(made)
    done = bert_migrate(made.parent, "apply", "nvidia-bert", "--level", "minimal", *STYLE, "-o", "out")
    assert (done.code, "nothing to do" in done.out) == (0, True)
    assert contents(made) == seen
    sane(made)


def test_the_output_keeps_its_style(bert_migrate: Migrate, made: Path) -> None:
    done = bert_migrate(made.parent, "apply", "nvidia-bert", "--level", "minimal", "-o", "out")
    assert (done.code, done.out) == (2, "")
    assert "style=gpu-migration" in done.err
