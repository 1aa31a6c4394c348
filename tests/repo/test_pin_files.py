"""A pin's file says exactly what a pin needs, or is refused with the file and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.config import make_target
from migrator.errors import UsageError
from migrator.repo.pin_files import read_pin
from migrator.repo.pins import EmbeddedPin, ExpectedStage, GitPin, SdistPin

COMMON = {"licence": '"MIT"', "data_format": '"README.md"', "tree": f'"{"a" * 40}"'}
GIT = {
    **COMMON,
    "kind": '"git"',
    "url": '"https://example.org/a/b"',
    "commit": f'"{"b" * 40}"',
    "subfolder": '"x/y"',
}
SDIST = {**COMMON, "kind": '"sdist"', "requirement": '"Trainer==1.0"', "sha256": f'"{"c" * 64}"'}
EMBEDDED = {**COMMON, "kind": '"embedded"', "folder": '"sample"', "executable": '["run.sh"]'}
EXPECTED = f"""
[[expected]]
release = "1.23"
mode = "lazy"
chip = "gaudi2"
style = "native"

[expected.stages.minimal]
tree = "{"1" * 40}"
commit = "{"2" * 40}"

[expected.stages.packed]
tree = "{"3" * 40}"
commit = "{"4" * 40}"
"""


def _write(folder: Path, keys: dict[str, str], rest: str = "") -> Path:
    path = folder / "trainer.toml"
    path.write_text("".join(f"{key} = {value}\n" for key, value in keys.items()) + rest)
    return path


def test_the_three_kinds(tmp_path: Path) -> None:
    common = ("trainer", "MIT", "README.md", "a" * 40, ())
    assert read_pin(_write(tmp_path, GIT)) == GitPin(*common, "https://example.org/a/b", "b" * 40, "x/y")
    assert read_pin(_write(tmp_path, SDIST)) == SdistPin(*common, "Trainer", "1.0", "c" * 64, ())
    assert read_pin(_write(tmp_path, EMBEDDED)) == EmbeddedPin(*common, tmp_path / "sample", ("run.sh",))


def test_expected_hashes_are_those_of_the_target(tmp_path: Path) -> None:
    pin = read_pin(_write(tmp_path, GIT, EXPECTED))
    assert pin.expected_for(make_target("1.23", "lazy", "gaudi2", "native")) == {
        "minimal": ExpectedStage("1" * 40, "2" * 40),
        "packed": ExpectedStage("3" * 40, "4" * 40),
    }
    assert pin.expected_for(make_target("1.23", "eager", "gaudi2", "native")) == {}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({**GIT, "commit": '"7a4c425"'}, "commit must be a full commit"),
        ({**GIT, "commit": f'"{"B" * 40}"'}, "commit must be a full commit"),
        ({**GIT, "tree": '"a"'}, "tree must be 40 lower-case hexadecimal digits"),
        ({**GIT, "url": '"ext::sh -c evil"'}, "url must be a git URL"),
        ({**GIT, "url": '"--upload-pack=evil"'}, "url must be a git URL"),
        ({**GIT, "subfolder": '"../x"'}, "subfolder is unsafe"),
        ({**GIT, "licence": "1"}, "licence must be a string"),
        ({**GIT, "brnach": '"main"'}, "brnach is not a known key"),
        ({**GIT, "kind": '"svn"'}, "kind must be git, sdist or embedded"),
        ({**GIT, "include": '["a"]'}, "include is not a known key"),
        ({**SDIST, "requirement": '"Trainer>=1.0"'}, "requirement must be name==version"),
        ({**SDIST, "sha256": f'"{"c" * 40}"'}, "sha256 must be 64"),
        ({**SDIST, "include": '"*.py"'}, "include must be a list of strings"),
        ({**EMBEDDED, "folder": '"/etc"'}, "folder is unsafe"),
    ],
)
def test_a_bad_value_is_refused(tmp_path: Path, keys: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read_pin(_write(tmp_path, keys))
    assert "trainer.toml: " in caught.value.message


@pytest.mark.parametrize("missing", ["kind", "url", "commit", "licence", "data_format", "tree"])
def test_a_missing_key_is_named(tmp_path: Path, missing: str) -> None:
    keys = {key: value for key, value in GIT.items() if key != missing}
    with pytest.raises(UsageError, match=f"{missing} is missing"):
        read_pin(_write(tmp_path, keys))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('chip = "gaudi2"', 'chip = "a100"', r"expected\[0\]\.chip must be gaudi or gaudi2 or gaudi3"),
        ('release = "1.23"', 'release = "new"', r"expected\[0\]\.release must be a release"),
        ("commit = ", "comit = ", r"expected\[0\]\.stages\.minimal\.commit is missing"),
        ("[[expected]]", "[expected]", r"expected must be written \[\[expected\]\]"),
        ('style = "native"', 'style = "native"\nwhen = 1', r"expected\[0\]\.when is not a known key"),
    ],
)
def test_bad_expected_hashes_are_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_pin(_write(tmp_path, GIT, EXPECTED.replace(before, after, 1)))


def test_what_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"trainer\.toml"):
        read_pin(_write(tmp_path, {}, "kind = "))
