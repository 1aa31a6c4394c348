"""The known releases, and targets made from what a user asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.config import load_facts, load_releases, make_target
from migrator.core.target import Chip, ExecutionMode, Style
from migrator.errors import UsageError
from migrator.toml_file import read_toml


def test_releases_from_1_6_to_1_24_are_known_oldest_first() -> None:
    assert list(load_releases()) == [f"1.{minor}" for minor in range(6, 25)]


@pytest.mark.parametrize(
    ("name", "torch", "default", "backend", "precision", "autoload"),
    [
        ("1.6", (1, 12, 0), "lazy", "", "hmp", False),
        ("1.9", (1, 13, 1), "lazy", "", "autocast", False),
        ("1.12", (2, 0, 1), "lazy", "aot_hpu_training_backend", "autocast", False),
        ("1.16", (2, 2, 2), "lazy", "hpu_backend", "autocast", False),
        ("1.18", (2, 4, 0), "lazy", "hpu_backend", "autocast", True),
        ("1.20", (2, 6, 0), "lazy", "hpu_backend", "autocast", True),
        ("1.21", (2, 6, 0), "eager", "hpu_backend", "autocast", True),
        ("1.24", (2, 10), "eager", "hpu_backend", "autocast", True),
    ],
)
def test_what_releases_are(
    name: str, torch: tuple[int, ...], default: str, backend: str, precision: str, autoload: bool
) -> None:
    release = load_releases()[name]

    assert release.torch_version == torch
    assert release.default_mode.value == default
    assert release.compile_backend == backend
    assert release.mixed_precision == precision
    assert release.autoload is autoload


@pytest.mark.parametrize(
    ("meaning", "name", "variable"),
    [
        ("autocast_fp32_ops", "1.7", None),
        ("autocast_fp32_ops", "1.12", "FP32_LIST"),
        ("autocast_fp32_ops", "1.13", "PT_HPU_AUTOCAST_FP32_OPS_LIST"),
        ("gpu_migration", "1.16", None),
        ("gpu_migration", "1.17", "PT_HPU_GPU_MIGRATION"),
        ("recipe_cache", "1.10", "PT_RECIPE_CACHE_PATH"),
        ("recipe_cache", "1.19", "PT_HPU_RECIPE_CACHE_CONFIG"),
    ],
)
def test_environment_variables_by_release(meaning: str, name: str, variable: str | None) -> None:
    assert load_releases()[name].env.get(meaning) == variable


def test_every_release_runs_its_default_mode_and_compiles_only_with_a_backend() -> None:
    for release in load_releases().values():
        assert release.default_mode in release.modes
        assert (ExecutionMode.COMPILE in release.modes) == bool(release.compile_backend)


def test_every_fact_has_a_source() -> None:
    assert all(source for facts in load_facts().values() for source in facts.sources)


def test_the_default_is_the_newest_release_lazy_on_gaudi2() -> None:
    assert make_target(None, None, None, None).describe() == "release=1.24 mode=lazy chip=gaudi2 style=native"


def test_a_target_is_what_was_asked_for() -> None:
    target = make_target("1.17", "compile", "gaudi3", "gpu-migration")

    assert target.release is load_releases()["1.17"]
    assert (target.mode, target.chip, target.style) == (ExecutionMode.COMPILE, Chip.GAUDI3, Style.GPU_MIGRATION)


@pytest.mark.parametrize("name", ["1.23", "1.23.0", "1.23.1", " 1.23 "])
def test_a_patch_release_is_its_release(name: str) -> None:
    assert make_target(name, None, None, None).release.name == "1.23"


@pytest.mark.parametrize("name", ["1.5", "2.0", "1.2", "latest", "", "1.23-rc1"])
def test_an_unknown_release_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match="is not known") as caught:
        make_target(name, None, None, None)

    assert "1.6, 1.7, " in caught.value.hint
    assert caught.value.hint.endswith("1.24")


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        (("1.9", "compile", None, None), "release 1.9 does not have the mode 'compile'", "lazy, eager"),
        (("1.9", None, "gaudi3", None), "release 1.9 does not have the chip 'gaudi3'", "gaudi, gaudi2"),
        (("1.22", None, "gaudi", None), "release 1.22 does not have the chip 'gaudi'", "gaudi2, gaudi3"),
        (("1.8", None, None, "gpu-migration"), "release 1.8 has no GPU migration", "1.9 or newer"),
        ((None, "fast", None, None), "there is no mode 'fast'", "lazy, eager, compile"),
        ((None, None, "h100", None), "there is no chip 'h100'", "gaudi, gaudi2, gaudi3"),
        ((None, None, None, "odd"), "there is no style 'odd'", "native, gpu-migration, agnostic"),
    ],
)
def test_what_a_release_does_not_have_is_refused(
    asked: tuple[str | None, str | None, str | None, str | None], message: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        make_target(*asked)

    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "mode", "value"),
    [
        ("1.9", "lazy", "1"),
        ("1.9", "eager", "2"),
        ("1.12", "compile", "0"),
        ("1.13", "eager", "0"),
        ("1.24", "lazy", "1"),
    ],
)
def test_the_variable_that_sets_the_mode(name: str, mode: str, value: str) -> None:
    assert make_target(name, mode, None, None).mode_variable == ("PT_HPU_LAZY_MODE", value)


def test_a_toml_file_becomes_a_dictionary(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "größe"\n[table]\nkey = 1\n', "utf-8")

    assert read_toml(tmp_path / "a.toml") == {"name": "größe", "table": {"key": 1}}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a = 1\nb = = 2\n", r"a\.toml: not valid TOML: .*line 2"),
        (b"a = 1\na = 2\n", r"a\.toml: not valid TOML: .*line 2"),
        (b"a = 1\nb = '\xff'\n", r"a\.toml:2: not UTF-8"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_file_and_line(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.toml").write_bytes(data)

    with pytest.raises(UsageError, match=message):
        read_toml(tmp_path / "a.toml")


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read"):
        read_toml(tmp_path / "none.toml")
