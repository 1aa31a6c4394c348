"""A layer of texts lists GPU-only uses, each with its line, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.config import make_target
from migrator.core.api_map import ApiMap
from migrator.core.file import Context
from migrator.core.findings import Finding, Kind
from migrator.core.layers import DiffLayer, Stage, Status, TextsLayer
from migrator.core.rule_layer import DriftError
from migrator.core.stages import Toolbox, apply_stage
from migrator.core.text_map import TextEntry, TextMap
from migrator.core.texts_layer import apply_texts
from migrator.core.tree import Entry, Mode

if TYPE_CHECKING:
    from libcst.codemod import Codemod


def entry(name: str, *patterns: str, **more: object) -> TextEntry:
    return TextEntry(name, patterns, Kind.MANUAL, f"why {name}", f"what of {name}", "where", **more)  # type: ignore[arg-type]


MAP = TextMap(
    (entry("smi", "nvidia-smi(?!-)"), entry("nccl", r"NCCL_\w+"), entry("gpus", "--gpus"), entry("cupy", "cupy"))
)
LAYER = TextsLayer("left", "why", "where")


def uses(line: str, known: TextMap = MAP) -> list[str]:
    return [use for use, _ in known.uses(line)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("nvidia-smi", ["nvidia-smi"]),
        ("/usr/bin/nvidia-smi -L", ["nvidia-smi"]),
        ("n=$(nvidia-smi -L | wc -l)", ["nvidia-smi"]),
        ("my-nvidia-smi; nvidia-smi-fake; nvidia_smi", []),
        ("docker run --gpus all", ["--gpus"]),
        ("docker run --gpus=all", ["--gpus"]),
        ("srun --gpusx", []),
        ("mpirun -x NCCL_DEBUG -x NCCL_IB_DISABLE=1", ["NCCL_DEBUG", "NCCL_IB_DISABLE"]),
        ("echo ${NCCL_DEBUG-WARN} $NCCL_DEBUG", ["NCCL_DEBUG", "NCCL_DEBUG"]),
        ("MY_NCCL_DEBUG=1 mycupy cupyx", []),
        ("cupy==8.0 cupy>=8", ["cupy", "cupy"]),
    ],
)
def test_words_are_whole(line: str, found: list[str]) -> None:
    assert uses(line) == found


def test_of_matches_that_overlap_the_first_and_longest_counts() -> None:
    known = TextMap(
        (
            entry("part", "server"),
            entry("short", "nvcr"),
            entry("image", r"nvcr\.io/[\w/]+"),
            entry("same", r"nvcr\.io/[\w/]+"),
        )
    )
    assert [(use, e.name) for use, e in known.uses("nvcr.io/nvidia/server server")] == [
        ("nvcr.io/nvidia/server", "image"),
        ("server", "part"),
    ]


def test_what_is_found_stands_with_its_line_and_advice() -> None:
    tree = {"run.sh": Entry(b"# nvidia-smi\nset -e\nnvidia-smi && nvidia-smi\n", Mode.EXECUTABLE)}
    result = apply_texts(LAYER, tree, MAP)
    assert result.findings == (Finding(Kind.MANUAL, "run.sh", 3, "nvidia-smi", "why smi", "what of smi", "left"),)
    assert (result.tree, result.steps) == (tree, ())


def test_files_are_chosen_by_the_layer_and_by_the_entry() -> None:
    known = TextMap((entry("one", "cupy"), entry("two", "apex", files=("**/requirements*.txt",))))
    names = ("requirements.txt", "a/requirements_gpu.txt", "a/Dockerfile", "run.sh", "notes.txt", "x.py", "gone.sh")
    tree = {name: Entry(b"cupy\napex\n") for name in names} | {"link.sh": Entry(b"cupy", Mode.LINK)}
    layer = TextsLayer("left", "", "", files=(*TextsLayer.files, "!gone.sh"))
    found = {(f.file, f.api) for f in apply_texts(layer, tree, known).findings}
    assert found == {
        *((name, "cupy") for name in names[:4]),
        *((name, "apex") for name in names[:2]),
    }


def test_nothing_found_is_drift_unless_that_is_allowed() -> None:
    tree = {"run.sh": Entry(b"echo\n")}
    with pytest.raises(DriftError, match="'left': expected to find GPU-only uses"):
        apply_texts(LAYER, tree, MAP)
    assert apply_texts(TextsLayer("left", "", "", optional=True), tree, MAP).findings == ()


def no_codemod(name: str) -> type[Codemod]:
    raise AssertionError(name)


def test_in_a_stage_findings_move_with_their_lines() -> None:
    toolbox = Toolbox(Context(make_target(None, None, None, None), ApiMap()), {}, no_codemod, MAP)
    diff = DiffLayer(
        "more", "", "", diff=b"diff --git a/run.sh b/run.sh\n--- a/run.sh\n+++ b/run.sh\n@@ -0,0 +1,2 @@\n+a\n+b\n"
    )
    tree = {"run.sh": Entry(b"nvidia-smi\n")}
    result = apply_stage(Stage("minimal", "", (LAYER, diff)), tree, tree, toolbox)
    assert [o.status for o in result.outcomes] == [Status.NOOP, Status.APPLIED]
    assert [(f.file, f.line) for f in result.findings] == [("run.sh", 3)]
