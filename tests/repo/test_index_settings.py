"""Package indexes are those that pip is set up to use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from migrator.repo.index_settings import index_urls, parse_pip_configuration


def _environment(configuration: Path, **variables: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PIP_CONFIG_FILE": str(configuration),
        "HOME": str(configuration.parent),
        **variables,
    }


def test_the_variables_win_over_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://a.invalid/simple\n")
    environment = _environment(tmp_path / "pip.conf", PIP_INDEX_URL="https://b.invalid/simple")
    assert index_urls(environment)[0] == "https://b.invalid/simple"


def test_several_extra_indexes_each_once() -> None:
    extra = "https://b.invalid/simple https://c.invalid/simple https://b.invalid/simple"
    environment = _environment(Path(os.devnull), PIP_INDEX_URL="https://a.invalid/simple", PIP_EXTRA_INDEX_URL=extra)
    assert index_urls(environment) == [f"https://{host}.invalid/simple" for host in "abc"]


def test_what_holds_for_downloads_wins_over_what_holds_for_all() -> None:
    text = "download.index-url='https://a.invalid'\nglobal.index-url='https://b.invalid'\n:env:.no-input='1'\n"
    assert parse_pip_configuration(text) == {"index-url": "https://a.invalid"}


def test_without_pip_the_index_is_the_public_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = tmp_path / "python"  # answers as a Python without pip does
    python.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    assert index_urls(_environment(Path(os.devnull))) == ["https://pypi.org/simple"]
