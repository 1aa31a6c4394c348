"""Recipes: what series.toml may hold, and how everything else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.core.layers import AnchorLayer, CodemodLayer, DiffLayer, FilesLayer, RuleLayer, TextsLayer, Where
from migrator.core.tree import Mode
from migrator.errors import ExitCode, UsageError
from migrator.recipes import GENERIC, LEVELS, load_recipe, recipe_names
from migrator.repo.known_pins import pin_names
from migrator.resources import find_data, package_data

HEAD = '[[stage]]\nname = "minimal"\nsummary = "Runs on HPU."\n'
LAYER = '[[stage.layer]]\nname = "{name}"\nreason = "It must be."\nsource = "https://docs.example.org/"\n{rest}\n'
RULES = 'kind = "rules"\nrules = ["device-calls", "device-strings"]'
ANCHOR = '[[anchor]]\npath = "train.py"\nsymbol = "main"\nwhere = "after"\nstatement = "assign:x#0"\ntext = "y = 1"\n'


def layer(rest: str, name: str = "one") -> str:
    return LAYER.format(name=name, rest=rest)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the recipe `own`."""
    monkeypatch.setenv("MIGRATE_DATA", str(tmp_path))
    folder = tmp_path / "patches" / "own"
    (folder / "minimal" / "files").mkdir(parents=True)
    (folder / "minimal" / "x.diff").write_text("")
    (folder / "minimal" / "anchors.toml").write_text(ANCHOR)
    (folder / "minimal" / "files" / "new.py").write_text("x = 1\n")
    (folder / "minimal" / "files" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "minimal" / "nothing").mkdir()
    (tmp_path / "outside.diff").write_text("")
    (folder / "link.diff").symlink_to(tmp_path / "outside.diff")
    return folder


def refused(folder: Path, series: str) -> UsageError:
    (folder / "series.toml").write_text(series)
    with pytest.raises(UsageError) as caught:
        load_recipe("own")
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(folder) in caught.value.message
    return caught.value


def test_every_kind_of_layer(folder: Path) -> None:
    (folder / "series.toml").write_text(
        HEAD
        + layer(
            RULES + '\noptional = ["device-calls"]\nmodes = ["lazy"]\nstyles = ["native"]\nreleases = ">=1.9,<1.17"',
            "r",
        )
        + layer('kind = "codemod"\ncodemod = "a.b:C"\noptional = true\nfiles = ["src/**"]', "c")
        + layer('kind = "anchors"\nfile = "minimal/anchors.toml"', "a")
        + layer('kind = "diff"\nfile = "minimal/x.diff"', "d")
        + layer('kind = "files"\nfolder = "minimal/files"\nexecutable = ["run.sh"]', "f")
        + layer('kind = "texts"', "t")
        + layer('kind = "texts"\noptional = true\nfiles = ["*.md"]', "u")
    )
    (stage,) = load_recipe("own").stages
    rules, codemod, anchors, diff, files, *texts = stage.layers
    assert isinstance(rules, RuleLayer)
    assert rules.rules == ("device-calls", "device-strings")
    assert (rules.optional, rules.modes, rules.styles) == ({"device-calls"}, {"lazy"}, {"native"})
    assert (rules.releases, rules.files) == (">=1.9,<1.17", ("**/*.py",))
    assert isinstance(codemod, CodemodLayer)
    assert (codemod.codemod, codemod.optional, codemod.files) == ("a.b:C", True, ("src/**",))
    assert isinstance(anchors, AnchorLayer)
    (anchor,) = anchors.anchors
    assert (anchor.path, anchor.where, anchor.text, anchor.kind) == ("train.py", Where.AFTER, "y = 1", "modified")
    assert isinstance(diff, DiffLayer)
    assert isinstance(files, FilesLayer)
    assert {path: entry.mode for path, entry in files.files.items()} == {
        "new.py": Mode.FILE,
        "run.sh": Mode.EXECUTABLE,
    }
    assert texts == [
        TextsLayer("t", "It must be.", "https://docs.example.org/"),
        TextsLayer("u", "It must be.", "https://docs.example.org/", files=("*.md",), optional=True),
    ]


def test_modules_that_recipes_share(folder: Path) -> None:
    shared = folder.parent / "shared"
    shared.mkdir()
    (shared / "own_module.py").write_text("x = 1\n")
    (folder / "series.toml").write_text(HEAD + layer(RULES + '\nmodules = ["own_module"]'))
    first = load_recipe("own")
    (rules,) = first.stages[0].layers
    assert isinstance(rules, RuleLayer)
    assert {name: entry.data for name, entry in rules.modules.items()} == {"own_module": b"x = 1\n"}
    (shared / "own_module.py").write_text("x = 2\n")
    assert load_recipe("own").digest != first.digest
    (folder / "series.toml").write_text(HEAD + layer(RULES))
    unchanged = load_recipe("own").digest
    (shared / "own_module.py").write_text("x = 3\n")
    assert load_recipe("own").digest == unchanged


def test_a_files_layer_with_modules_that_recipes_share(folder: Path) -> None:
    shared = folder.parent / "shared"
    shared.mkdir()
    (shared / "own_module.py").write_text("x = 1\n")
    digests = set()
    for files, text in (("", "x = 1\n"), ('folder = "minimal/files"\n', "x = 1\n"), ("", "x = 2\n")):
        (shared / "own_module.py").write_text(text)
        (folder / "series.toml").write_text(HEAD + layer(f'kind = "files"\n{files}modules = ["own_module"]'))
        recipe = load_recipe("own")
        digests.add(recipe.digest)
        (found,) = recipe.stages[0].layers
        assert isinstance(found, FilesLayer)
        assert {name: entry.data.decode() for name, entry in found.modules.items()} == {"own_module": text}
        assert sorted(found.files) == (["new.py", "run.sh"] if files else [])
    assert len(digests) == 3
    (shared / "new.py").write_text("")
    said = refused(folder, HEAD + layer('kind = "files"\nfolder = "minimal/files"\nmodules = ["new"]')).message
    assert "folder holds 'new.py', and so does modules" in said


@pytest.mark.parametrize("name", ["missing", "../own/minimal/files/new", ""])
@pytest.mark.parametrize("kind", [RULES, 'kind = "files"'])
def test_a_module_that_is_not_there(folder: Path, kind: str, name: str) -> None:
    assert "modules names" in refused(folder, HEAD + layer(kind + f'\nmodules = ["{name}"]')).message


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (RULES + "\ncolour = 1", "stage[0].layer[0].colour is not a known key"),
        ('kind = "rulez"', "kind must be one of rules, codemod, anchors, diff, files, texts, not 'rulez'"),
        ('rules = ["device-calls"]', "kind is missing"),
        ('kind = "rules"', "rules is missing or empty"),
        ('kind = "rules"\nrules = "device-calls"', "rules must be a list of strings"),
        ('kind = "rules"\nrules = ["device-cals"]', "rules names 'device-cals', which is unknown"),
        (RULES + '\noptional = ["set-device"]', "optional names 'set-device', which is unknown"),
        (RULES + '\nmodes = ["lasy"]', "modes names 'lasy', which is unknown"),
        (RULES + '\nmodes = "lazy"', "modes must be a list of strings"),
        (RULES + '\nstyles = ["plain"]', "styles names 'plain', which is unknown"),
        (RULES + '\nreleases = "1.9+"', "releases is '1.9+' is not a condition on a release"),
        (RULES + '\nfile = "minimal/x.diff"', "file is not a known key"),
        ('kind = "codemod"\ncodemod = "a.b.C"', "codemod must be package.module:Class"),
        ('kind = "codemod"\ncodemod = "a.b:C"\noptional = "no"', "optional must be true or false"),
        ('kind = "diff"', "file is missing"),
        ('kind = "diff"\nfile = "minimal/y.diff"', "the recipe has no such file"),
        ('kind = "diff"\nfile = "minimal"', "the recipe has no such file"),
        ('kind = "diff"\nfile = "../../outside.diff"', "file is unsafe: path '../../outside.diff' leaves the tree"),
        ('kind = "diff"\nfile = "/etc/hosts"', "file is unsafe"),
        ('kind = "diff"\nfile = "link.diff"', "is a link out of the recipe"),
        ('kind = "files"\nfolder = "minimal/nothing"', "folder holds no files"),
        ('kind = "files"\nfolder = "nowhere"', "folder holds no files"),
        ('kind = "files"', "folder is missing"),
        ('kind = "files"\nmodules = "lamb"', "modules must be a list of strings"),
        ('kind = "files"\nfolder = "minimal/files"\nexecutable = ["run.py"]', "executable names 'run.py'"),
    ],
)
def test_a_malformed_layer(folder: Path, rest: str, said: str) -> None:
    error = refused(folder, HEAD + layer(rest))
    assert f"{folder / 'series.toml'}: stage[0].layer[0]." in error.message
    assert said in error.message


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ("", "the stages are none"),
        ('title = "x"\n' + HEAD, "title is not a known key"),
        (HEAD.replace("[[stage]]", "[[stages]]"), "stages is not a known key"),
        (HEAD.replace("[[stage]]", "[stage]"), "stage must be written [[stage]]"),
        (HEAD.replace("minimal", "packed"), "the stages are packed"),
        (HEAD + HEAD, "the stages are minimal, minimal"),
        (HEAD + 'level = "x"\n', "stage[0].level is not a known key"),
        ('[[stage]]\nname = "minimal"\n', "stage[0].summary is missing"),
        (HEAD.replace("Runs on HPU.", "Runs\\non HPU."), "summary must be one line of text"),
        (HEAD + layer(RULES) + layer(RULES), "layer has two layers named 'one'"),
        (HEAD + layer(RULES, name=""), "name must be one line of text"),
        ("[[stage", "not valid TOML"),
    ],
)
def test_a_malformed_series(folder: Path, series: str, said: str) -> None:
    assert said in refused(folder, series).message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"after"', '"behind"', "where must be one of before, after"),
        ('where = "after"\n', "", "where is missing"),
        ('"assign:x#0"', '"assing:x"', "statement is wrong: 'assing:x' is no statement address"),
        ('"train.py"', '"../train.py"', "path is unsafe"),
        ('symbol = "main"', 'symbol = "main"\nsha265 = "0123"', "sha265 is not a known key"),
        ('symbol = "main"', 'symbol = "main"\nsha256 = "yes"', "sha256 must be hexadecimal digits"),
        ('symbol = "main"', 'symbol = "main"\nkind = "changed"', "kind must be one of match, modified"),
        ("[[anchor]]", "[[anchors]]", "anchors is not a known key"),
        (ANCHOR, "", "anchor is missing"),
    ],
)
def test_a_malformed_anchor(folder: Path, old: str, new: str, said: str) -> None:
    file = folder / "minimal" / "anchors.toml"
    file.write_text(ANCHOR.replace(old, new))
    error = refused(folder, HEAD + layer('kind = "anchors"\nfile = "minimal/anchors.toml"'))
    assert str(file) in error.message
    assert said in error.message


def test_an_argument_is_named_or_counted(folder: Path) -> None:
    file = folder / "minimal" / "anchors.toml"
    (folder / "series.toml").write_text(HEAD + layer('kind = "anchors"\nfile = "minimal/anchors.toml"'))
    found = []
    for argument in ("0", '"device_ids"'):
        file.write_text(ANCHOR + f"argument = {argument}\n")
        (anchors,) = load_recipe("own").stages[0].layers
        assert isinstance(anchors, AnchorLayer)
        found.append(anchors.anchors[0].argument)
    assert found == ["0", "device_ids"]


def test_the_digest_is_of_every_file_and_its_path(folder: Path) -> None:
    (folder / "series.toml").write_text(HEAD)
    seen = {load_recipe("own").digest}
    (folder / "minimal" / "x.diff").write_text("x")
    seen.add(load_recipe("own").digest)
    (folder / "minimal" / "x.diff").rename(folder / "minimal" / "y.diff")
    seen.add(load_recipe("own").digest)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_text("x")
    seen.add(load_recipe("own").digest)
    assert len(seen) == 3


@pytest.mark.parametrize("name", ["nothing", "../own", "own/minimal", ""])
def test_a_recipe_that_there_is_not(folder: Path, name: str) -> None:
    (folder / "series.toml").write_text(HEAD)
    with pytest.raises(UsageError, match="no recipe"):
        load_recipe(name)


def test_a_folder_of_ones_own_takes_what_it_lacks_from_the_package(folder: Path) -> None:
    (folder / "series.toml").write_text(HEAD)
    assert recipe_names() == [GENERIC, "own"]
    assert pin_names() == []
    assert load_recipe(GENERIC).stages
    assert find_data("patches/api_map") == package_data() / "patches" / "api_map"
    assert find_data("patches/own") == folder


@pytest.mark.parametrize("name", recipe_names())
def test_the_recipes_that_come_with_the_package(name: str) -> None:
    recipe = load_recipe(name)
    assert tuple(stage.name for stage in recipe.stages) == LEVELS[: len(recipe.stages)]
    assert name == GENERIC or name in pin_names()
