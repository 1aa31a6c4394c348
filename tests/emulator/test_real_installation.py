"""Which habana_frameworks is Gaudi's own, and which is the emulated one."""

from __future__ import annotations

import shutil
from pathlib import Path

from migrator.emulator.preconditions.real_installation import FACADE, find_real_installation


def test_a_package_without_the_mark_is_gaudis(tmp_path: Path) -> None:
    (tmp_path / "habana_frameworks").mkdir()

    assert find_real_installation([str(FACADE), str(tmp_path)]) == tmp_path / "habana_frameworks"


def test_another_migrators_copy_is_emulated_too(tmp_path: Path) -> None:
    copy = shutil.copytree(FACADE, tmp_path / "facade", ignore=shutil.ignore_patterns("__pycache__"))

    assert find_real_installation([str(copy), str(FACADE), "/no/such/folder"]) is None
