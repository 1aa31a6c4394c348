"""Activation: once, with a tested torch, and told apart from another package's device."""

from __future__ import annotations

import subprocess
import sys

import pytest

from migrator.emulator import activate, is_active
from migrator.emulator.preconditions.versions import TESTED_TORCH, check_torch
from migrator.errors import UsageError


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_second_activation_changes_nothing() -> None:
    activate(autocast="cpu", check_aliases=True)

    assert is_active()


def test_other_options_are_refused() -> None:
    with pytest.raises(UsageError, match="already active"):
        activate(autocast="gaudi", check_aliases=True)


@pytest.mark.parametrize("version", [*TESTED_TORCH, *(f"{each}+cpu" for each in TESTED_TORCH)])
def test_tested_versions_pass(version: str) -> None:
    check_torch(version)


@pytest.mark.parametrize("version", ["2.12.1", "2.13.1", "2.14.0a0+git123"])
def test_other_versions_are_refused(version: str) -> None:
    with pytest.raises(UsageError, match=r"does not work with torch .*; tested with 2\.13\.0") as caught:
        check_torch(version)
    assert "pip install torch==" in caught.value.hint


def test_importing_the_package_does_not_import_torch() -> None:
    done = run("import sys, migrator.emulator; print('torch' in sys.modules)")

    assert done.stdout == "False\n"


def test_torch_is_asked_for_where_it_is_missing() -> None:
    done = run(
        "import sys; sys.modules['torch'] = None\n"
        "import migrator.emulator as e\n"
        "try: e.activate()\n"
        "except Exception as error: print(type(error).__name__, error, '|', error.hint)"
    )

    assert done.stdout == (
        "UsageError the emulated hpu device needs torch, which is not installed | pip install 'migrator[emulator]'\n"
    )


def test_a_device_of_another_package_is_named() -> None:
    done = run(
        "import torch, migrator.emulator as e\n"
        "torch.utils.rename_privateuse1_backend('npu')\n"
        "try: e.activate()\n"
        "except Exception as error: print(type(error).__name__, error)"
    )

    assert done.stdout.startswith("UsageError another package has already registered the device 'npu'")


def test_activation_says_nothing() -> None:
    done = run("import migrator.emulator as e; e.activate(); import torch; torch.ones(2, device='hpu').add(1)")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_fresh_process_works_without_alias_checks() -> None:
    done = run(
        "import migrator.emulator as e; e.activate(); import torch\n"
        "t = torch.arange(4., device='hpu'); t + 1; t.unsqueeze_(0); print((t + 1).tolist(), t.sum().item())"
    )

    assert done.stdout == "[[1.0, 2.0, 3.0, 4.0]] 6.0\n"
