"""The configurations that travel with the package: whole, consistent, and as they were published; and their errors."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from migrator.config import load_releases
from migrator.core.target import Chip
from migrator.errors import UsageError
from migrator.recipes import recipe_names
from migrator.runtime.launch import Launch
from migrator.runtime.launchers import Launcher, Processes, command_line, launch_variables, needs_use_env
from migrator.runtime.trainer_arguments import Value, filled, placeholders, words
from migrator.toml_file import read_toml
from migrator.trainer_configs import has_configs, load_configs, read_configs
from tests.upstream.published import PUBLISHED

ROOT = Path(__file__).resolve().parents[1]
RECIPES = sorted(path.stem for path in (ROOT / "trainers").glob("*.toml"))
ALL = [(recipe, each.name) for recipe in RECIPES for each in load_configs(recipe).configurations]
FOLDERS = {"data": "DATA", "out": "OUT", "tree": "."}
SCRIPTS = ROOT / "upstream_pins" / "sample-bert"

# Phase 2 as published finds phase 1's end only on the port; with this it does in the upstream too.
RESUMES = {"--resume_from_checkpoint": "true"}


def expanded(recipe: str, name: str, chip: Chip, launcher: Launcher | None, cards: int) -> list[str]:
    """The command line as it is typed in the recipe's folder."""
    configuration = load_configs(recipe).find(name)
    arguments = words(filled(configuration.arguments_for(chip), FOLDERS))
    launch = Launch(configuration.entry.script, False, tuple(arguments))
    return command_line("PY", launch, Processes(cards, launcher))


def read(line: list[str]) -> tuple[list[str], dict[str, str]]:
    """What starts the script, and its arguments by name; `./x` and `x/` are `x`, and `--a b` is `--a=b`."""
    script = next(at for at, word in enumerate(line) if word.endswith(".py"))
    arguments: dict[str, str] = {}
    for word in line[script + 1 :]:
        name, _, value = word.partition("=")
        if word.startswith("--"):
            assert name not in arguments
        else:
            name, value = list(arguments)[-1], word
        arguments[name] = value.removeprefix("./").rstrip("/") or "true"
    return line[: script + 1], arguments


@pytest.mark.parametrize(("name", "chip"), PUBLISHED)
def test_a_published_line_comes_out_argument_for_argument(name: str, chip: str) -> None:
    launcher = None if name.startswith("pack") else Launcher.LAUNCH
    start, arguments = read(expanded("nvidia-bert", name, Chip(chip), launcher, 8))
    published_start, published = read(PUBLISHED[name, chip].split())
    assert start == published_start
    assert arguments == published | (RESUMES if name.startswith("phase2") else {})


@pytest.mark.parametrize(("recipe", "name"), ALL)
def test_every_configuration_expands_for_every_launcher_chip_and_release(recipe: str, name: str) -> None:
    configuration = load_configs(recipe).find(name)
    for chip in Chip:
        alone, arguments = read(expanded(recipe, name, chip, None, 1))
        assert alone == ["PY", configuration.entry.script]
        for launcher in Launcher if not configuration.entry.one_process else ():
            for cards in (1, 2, 8):
                start, same = read(expanded(recipe, name, chip, launcher, cards))
                assert str(cards) in re.split("[ =]", " ".join(start))
                assert same == arguments
                for release in load_releases().values():
                    launch_variables(Processes(cards, launcher), release, "OUT/cache", {})
                    assert not needs_use_env(configuration.entry.local_rank, release.torch_version)
    assert not placeholders(filled(configuration.arguments, FOLDERS).values())


@pytest.mark.parametrize("chip", Chip)
def test_packed_differs_from_unpacked_in_its_data_and_in_what_fits_into_a_chip(chip: Chip) -> None:
    configs = load_configs("nvidia-bert")
    for name in ("phase1-bf16", "phase1-fp32", "phase2-bf16", "phase2-fp32"):
        plain, packed = (configs.find(each).arguments_for(chip) for each in (name, f"{name}-packed"))
        differ = {argument for argument in plain if plain[argument] != packed[argument]}
        assert differ - {"train_batch_size"} == {"input_dir"}
        assert ("train_batch_size" in differ) == (name.startswith("phase2") and chip is not Chip.GAUDI)
        assert packed.keys() == plain.keys()


@pytest.mark.parametrize("chip", Chip)
def test_micro_batches_are_whole_and_half_as_large_in_float32(chip: Chip) -> None:
    for recipe in RECIPES:
        sizes = {
            each.name: divmod(int(arguments["train_batch_size"]), int(arguments["gradient_accumulation_steps"]))
            for each in load_configs(recipe).configurations
            if {"train_batch_size", "gradient_accumulation_steps"} <= (arguments := each.arguments_for(chip)).keys()
        }
        assert {rest for _, rest in sizes.values()} == {0}
        halves = [(sizes[name.replace("fp32", "bf16")][0], size) for name, (size, _) in sizes.items() if "fp32" in name]
        assert halves
        assert all(size == half * 2 for size, half in halves)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_has_a_smoke_run_and_a_line_on_each(recipe: str) -> None:
    configs = load_configs(recipe)
    assert recipe in recipe_names()
    assert has_configs(recipe)
    assert configs.find("smoke").cards == 1
    assert len({each.summary for each in configs.configurations}) == len(configs.configurations)
    assert all(len(each.summary) < 100 for each in configs.configurations)
    assert all(configs.find(each.after).level == each.level for each in configs.configurations if each.after)


@pytest.mark.parametrize("name", [name for recipe, name in ALL if recipe == "sample-bert"])
def test_the_sample_s_scripts_have_the_arguments(name: str) -> None:
    configuration = load_configs("sample-bert").find(name)
    module = ast.parse((SCRIPTS / configuration.entry.script).read_bytes())
    calls = [call for call in ast.walk(module) if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)]
    options = {
        word.value: {keyword.arg for keyword in call.keywords}
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
        for word in call.args
        if isinstance(word, ast.Constant)
    }
    for argument, value in configuration.arguments.items():
        assert isinstance(value, bool) == ("action" in options[f"--{argument}"]), argument
    assert set(configuration.entry.local_rank) <= options.keys()


def test_the_wheel_takes_every_file_of_configurations() -> None:
    """Each by its name: the folders beside them are what migrate writes."""
    build = read_toml(ROOT / "pyproject.toml")["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    held = {source: place for source, place in build.items() if source.startswith("trainers")}
    assert held == {f"trainers/{recipe}.toml": f"migrator/data/trainers/{recipe}.toml" for recipe in RECIPES}


@pytest.mark.parametrize(
    ("name", "close"),
    [("phase1-bf6", "phase1-bf16"), ("phase-1-bf16-packed", "phase1-bf16-packed"), ("smok", "smoke")],
)
def test_the_close_names_of_one_that_is_not_there(name: str, close: str) -> None:
    with pytest.raises(UsageError, match=f"nvidia-bert has no configuration '{name}'") as caught:
        load_configs("nvidia-bert").find(name)
    assert caught.value.hint.startswith(f"did you mean {close}")
    assert caught.value.hint.endswith("migrate run nvidia-bert --configs lists them all")


@pytest.mark.parametrize("recipe", ["generic", "nowhere", "../nvidia-bert"])
def test_a_recipe_without_configurations(recipe: str) -> None:
    with pytest.raises(UsageError, match=re.escape(recipe)) as caught:
        load_configs(recipe)
    assert caught.value.hint


FILE = """
cards = 2
recipe_cache = "{out}/cache"
[folders]
data = "holds shards"
out = "gets results"
[entry.train]
script = "train.py"
[entry.pack]
script = "pack.py"
one_process = true
[arguments.common]
input_dir = "{data}"
steps = 3
[[configuration]]
name = "first"
summary = "one"
entry = "train"
level = "minimal"
sets = ["common"]
arguments = { steps = 5, fp16 = true }
chips.gaudi2 = { steps = 6 }
[[configuration]]
name = "second"
summary = "two"
entry = "pack"
level = "packed"
after = "first"
"""


def test_what_a_file_says(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(FILE)
    configs = read_configs(tmp_path / "own.toml")
    first, second = configs.configurations
    expected: Mapping[str, Value] = {"input_dir": "{data}", "steps": "5", "fp16": True}
    assert (configs.recipe, configs.recipe_cache, first.arguments) == ("own", "{out}/cache", expected)
    assert first.arguments_for(Chip.GAUDI) == expected
    assert first.arguments_for(Chip.GAUDI2) == {**expected, "steps": "6"}
    assert (first.cards, second.cards, second.after, second.arguments) == (2, 1, "first", {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("steps = 3", "steps = 0.5", "arguments.common.steps must be a string, a whole number, or true or false"),
        ("steps = 3", "steps = [3]", "arguments.common.steps must be a string"),
        ('"{data}"', '"{dta}"', "arguments.common.input_dir has the placeholder {dta}"),
        ("{out}/cache", "{cache}", "recipe_cache has the placeholder {cache}"),
        ("gaudi2", "gaudi5", "configuration[0].chips.gaudi5 is 'gaudi5', which is not there"),
        ("steps = 6", "step = 6", "configuration[0].chips.gaudi2.step is 'step', which is not there"),
        ('entry = "train"', 'entry = "trn"', "configuration[0].entry is 'trn', which is not there"),
        ('entry = "train"', "", "configuration[0].entry is missing"),
        ('["common"]', '["comon"]', "configuration[0].sets is 'comon', which is not there"),
        ('"minimal"', '"fast"', "configuration[0].level is 'fast', which is not there"),
        ('after = "first"', 'after = "third"', "configuration[1].after is 'third', which is not there"),
        ('"second"', '"first"', "configuration[1].name cannot be 'first': there is one of that name"),
        ('"second"', '"list"', "configuration[1].name cannot be 'list'"),
        ('"second"', '"Two two"', "configuration[1].name must be lower-case words joined by -"),
        ('after = "first"', "cards = 2", "configuration[1].cards must be 1: pack.py is for one process"),
        ("cards = 2", "cards = 0", "cards must be a number of cards"),
        ('"train.py"', '"../train.py"', "entry.train.script is no path in the recipe"),
        ('"train.py"', '"train.py"\nreads = ["data"]', "configuration[0].arguments have no text data"),
        ('"train.py"', '"train.py"\nreads = ["fp16"]', "configuration[0].arguments have no text fp16"),
        ('"train.py"', '"train.py"\ncheckpoints.folder = "out"', "entry.train.checkpoints.files is missing"),
        ('data = "holds shards"', "", "folders.data is missing"),
        ("cards = 2", "crads = 2", "crads is not a known key"),
        ('summary = "two"', 'sumary = "two"', "configuration[1].summary is missing"),
        ("one_process = true", "one_process = 1", "entry.pack.one_process must be true or false"),
        ("cards = 2", "cards = ", "not valid TOML"),
    ],
)
def test_errors_name_the_file_and_the_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in FILE
    path = tmp_path / "own.toml"
    path.write_text(FILE.replace(old, new, 1))
    with pytest.raises(UsageError) as caught:
        read_configs(path)
    assert caught.value.message.startswith(f"{path}: {said}")


def test_a_file_without_configurations(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(FILE[: FILE.index("[[configuration]]")])
    with pytest.raises(UsageError, match=r"own\.toml: configuration is missing"):
        read_configs(tmp_path / "own.toml")
