"""The folder triton/ of NVIDIA's BERT is not taken for the compiler of that name; the compiler itself is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ADDED = Path(__file__).resolve().parents[2] / "patches" / "nvidia-bert" / "minimal" / "added" / "triton.py"
ASKS = """
try:
    import triton
except ImportError as error:
    print(type(error).__name__, error.name)
else:
    import triton.language
    print(triton.__name__, triton.language.dtype, triton.language.triton is triton)
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A script that asks for triton, beside a folder of that name and the module that was added."""
    folder = tmp_path / "code"
    (folder / "triton").mkdir(parents=True)
    (folder / "triton" / "client.py").write_text("")
    (folder / "ask.py").write_text(ASKS)
    shutil.copy(ADDED, folder)
    return folder


def asked(code: Path, *elsewhere: Path) -> str:
    path = os.pathsep.join(map(str, elsewhere))
    command = [sys.executable, "-S", str(code / "ask.py")]  # without site-packages, where a real one may be
    done = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=True)
    return str(done.stdout).strip()


def test_there_is_none(code: Path) -> None:
    assert asked(code) == "ModuleNotFoundError triton"


def test_another_folder_without_content_is_none_either(code: Path, tmp_path: Path) -> None:
    (tmp_path / "other" / "triton").mkdir(parents=True)
    assert asked(code, tmp_path / "other") == "ModuleNotFoundError triton"


def test_the_compiler_is_found_where_it_is_installed(code: Path, tmp_path: Path) -> None:
    package = tmp_path / "installed" / "triton"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "language.py").write_text("import triton\ndtype = 'bf16'\n")
    assert asked(code, code, tmp_path / "installed") == "triton bf16 True"
