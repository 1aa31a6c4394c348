"""The variables of a run."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from migrator.config import load_releases
from migrator.emulator.preconditions.real_installation import FACADE, FORCE
from migrator.emulator.profile import AUTOCAST, CARDS, CHIP, RELEASE
from migrator.errors import UsageError
from migrator.runtime.environment import AskedProfile, profile_variables, search_path
from migrator.runtime.shell_line import shell_line

LAZY = "PT_HPU_LAZY_MODE"
NEWEST = list(load_releases())[-1]
PORTED = {"release": "1.19", "mode": "eager", "chip": "gaudi3", "style": "native"}


def variables(
    profile: AskedProfile,
    ported: dict[str, str] | None = None,
    environ: dict[str, str] | None = None,
    emulated: bool = True,
) -> dict[str, str]:
    return profile_variables(profile, ported or {}, environ or {}, emulated=emulated)


def test_nothing_asked_nothing_set() -> None:
    assert variables(AskedProfile()) == {}


def test_what_is_asked_for() -> None:
    asked = AskedProfile("1.19.1", "lazy", "gaudi3", 2, "cpu", True)
    assert variables(asked) == {
        LAZY: "1",
        RELEASE: "1.19",
        CHIP: "gaudi3",
        CARDS: "2",
        AUTOCAST: "cpu",
        FORCE: "1",
    }


def test_an_output_runs_for_what_it_was_ported_for() -> None:
    assert variables(AskedProfile(), PORTED) == {LAZY: "2", RELEASE: "1.19", CHIP: "gaudi3"} | {
        LAZY: variables(AskedProfile("1.19", "eager"))[LAZY]
    }


def test_the_user_s_environment_wins_over_the_output_and_the_command_line_over_both() -> None:
    environ = {LAZY: "1", RELEASE: "1.20", CHIP: "gaudi2"}
    assert variables(AskedProfile(), PORTED, environ) == {}
    assert set(variables(AskedProfile(mode="eager", chip="gaudi3"), PORTED, environ)) == {LAZY, CHIP}


def test_a_real_device_gets_the_mode_only() -> None:
    assert set(variables(AskedProfile(cards=8), PORTED, emulated=False)) == {LAZY}


@pytest.mark.parametrize("asked", [AskedProfile(release="0.1"), AskedProfile(release=NEWEST, chip="gaudi")])
def test_what_does_not_exist_is_refused(asked: AskedProfile) -> None:
    with pytest.raises(UsageError):
        variables(asked)


def path(user: str | None, **where: Path) -> list[str]:
    environ = {} if user is None else {"PYTHONPATH": user}
    found = search_path(environ, emulated=True, ported=where.get("ported"), package=where.get("package"))
    return found.split(os.pathsep) if found else []


def test_the_emulated_package_comes_first_and_the_user_s_path_stays() -> None:
    assert path(None) == [str(FACADE)]
    assert path("") == [str(FACADE)]
    assert path(f"a{os.pathsep}{os.pathsep}b", ported=Path("/o"), package=Path("/p")) == [
        str(FACADE),
        "/o",
        "a",
        "",
        "b",
        "/p",
    ]


def test_a_run_in_a_run_adds_nothing() -> None:
    assert path(str(FACADE)) == []
    assert search_path({}, emulated=False, ported=None, package=Path("/p")) == ""


def test_a_line_for_a_shell_reads_back_as_it_was() -> None:
    command = ["python", "it's.py", "--name", "a b", "$HOME", ""]
    assert shell_line(command, {}).startswith("python ")
    assert shlex.split(shell_line(command, {"A": "x y"})) == ["env", "A=x y", *command]
