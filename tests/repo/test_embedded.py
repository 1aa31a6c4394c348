"""The embedded upstream has the modes that its pin says, whatever a wheel did to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.core.tree import Entry, Mode
from migrator.errors import UpstreamError
from migrator.repo.embedded import read_embedded
from migrator.repo.pins import EmbeddedPin


def _pin(folder: Path, *executable: str) -> EmbeddedPin:
    return EmbeddedPin("sample", "MIT", "README.md", "", (), folder, executable)


def test_modes_come_from_the_pin(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("true\n")
    (tmp_path / "train.py").write_text("x = 1\n")
    (tmp_path / "train.py").chmod(0o755)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "train.pyc").write_bytes(b"")
    assert read_embedded(_pin(tmp_path, "run.sh")) == {
        "run.sh": Entry(b"true\n", Mode.EXECUTABLE),
        "train.py": Entry(b"x = 1\n"),
    }


def test_an_executable_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("x = 1\n")
    with pytest.raises(UpstreamError, match=r"no run\.sh"):
        read_embedded(_pin(tmp_path, "run.sh"))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match="is missing"):
        read_embedded(_pin(tmp_path / "absent"))
