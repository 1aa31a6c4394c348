"""What the pin of nvidia-bert records is what comes out of the real upstream, for every target, in its mode's idiom."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.core.target import ExecutionMode, Style
from migrator.repo.known_pins import load_pin
from migrator.repo.pins import Expected
from tests.scenarios.running import Migrate, commits, git
from tests.upstream.stage_texts import python, texts

pytestmark = pytest.mark.upstream


def named(entry: Expected) -> str:
    return f"{entry.release}-{entry.mode.value}-{entry.chip.value}-{entry.style.value}"


@pytest.mark.parametrize("entry", load_pin("nvidia-bert").expected, ids=named)
def test_the_recorded_trees_and_commits_come_out(bert_migrate: Migrate, tmp_path: Path, entry: Expected) -> None:
    target = ("--release", entry.release, "--mode", entry.mode.value, "--chip", entry.chip.value)
    last = list(entry.stages)[-1]
    style = ("--style", entry.style.value)
    done = bert_migrate(tmp_path, "apply", "nvidia-bert", "--level", last, *target, *style, "-o", "out")

    assert done.code == 0, done.err
    assert commits(tmp_path / "out") == {stage: ids.commit for stage, ids in entry.stages.items()}
    for stage, ids in entry.stages.items():
        assert git(tmp_path / "out", "rev-parse", f"{stage}^{{tree}}") == ids.tree
    if entry.style is Style.NATIVE:
        code = "\n".join(python(texts(tmp_path / "out", last)).values())
        assert ("mark_step(" in code) == (entry.mode is ExecutionMode.LAZY)
        assert ("use_reentrant" in code) == (entry.release != "1.9")
