"""The stand-in for NVIDIA's dllogger writes the lines that dllogger writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def dllogger(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("dllogger_stand_in")


def test_lines_of_text(dllogger: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    backend = dllogger.StdOutBackend(dllogger.Verbosity.VERBOSE, step_format=lambda step: f"Iteration: {step[1]} ")
    dllogger.init(backends=[backend])
    dllogger.metadata("loss", {"unit": "nats", "format": ":.2f"})

    dllogger.log(step=(0, 5), data={"loss": 7.125, "rate": None}, verbosity=dllogger.Verbosity.VERBOSE)

    line = capsys.readouterr().out
    assert line.startswith("DLL 20")
    assert line.endswith(" - Iteration: 5  loss : 7.12 nats rate : None \n")


def test_lines_of_json(dllogger: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.json"
    dllogger.init([dllogger.JSONStreamBackend(dllogger.Verbosity.VERBOSE, str(path))])

    dllogger.log("PARAMETER", {"seed": 42})
    dllogger.metadata("loss", {"unit": "nats"})
    dllogger.flush()

    first, second = (json.loads(line.removeprefix("DLLL ")) for line in path.read_text().splitlines())
    assert (first["type"], first["step"], first["data"]) == ("LOG", "PARAMETER", {"seed": 42})
    assert (second["type"], second["metric"], second["metadata"]) == ("METADATA", "loss", {"unit": "nats"})
    assert {"timestamp", "datetime", "elapsedtime"} <= first.keys()


def test_a_backend_shows_what_its_verbosity_allows(dllogger: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    dllogger.init([dllogger.StdOutBackend(dllogger.Verbosity.DEFAULT)])

    dllogger.log((), {"a": 1})
    dllogger.log((), {"b": 2}, verbosity=dllogger.Verbosity.VERBOSE)

    shown = capsys.readouterr().out
    assert "a : 1" in shown
    assert "b : 2" not in shown


def test_nothing_is_logged_without_backends(dllogger: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    dllogger.init(backends=[])
    dllogger.log(step="PARAMETER", data={"a": 1})

    assert capsys.readouterr().out == ""
