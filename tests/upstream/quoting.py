"""Whether a recipe's files quote an upstream: long lines, or three lines in a row, that stand there too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from migrator.toml_file import read_toml

LONG = 30
# The loop that every optimizer of torch has, ours and theirs.
IDIOMS = frozenset({"for group in self.param_groups:"})


def quoted(folders: list[Path], upstream: Mapping[str, str]) -> list[str]:
    """Each quotation, with the recipe's file and the upstream's."""
    lines: dict[str, str] = {}
    runs: dict[tuple[str, ...], str] = {}
    for path, text in upstream.items():
        known = _stripped(text)
        lines |= dict.fromkeys(known, path)
        runs |= dict.fromkeys(_threes(known), path)
    found = []
    for file in (path for folder in folders for path in sorted(folder.rglob("*")) if _is_text(path)):
        for text in _texts(file):
            own = _stripped(text)
            found += [f"{file}: {line!r} of {lines[line]}" for line in own if _counts(line) and line in lines]
            found += [f"{file}: {run} of {runs[run]}" for run in _threes(own) if run in runs]
    return found


def _is_text(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _texts(file: Path) -> Iterator[str]:
    """The file, and the texts within it that come to stand in the output."""
    text = file.read_text(encoding="utf-8")
    yield text
    if file.suffix == ".toml":
        yield from _strings(read_toml(file))
    elif file.suffix == ".diff":
        body = (line for line in text.splitlines() if not line.startswith(("+++", "---")))
        yield "\n".join(line[1:] for line in body if line[:1] in ("+", "-", " "))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _stripped(text: str) -> list[str]:
    """The lines that are neither blank nor imports, without white space around them."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("import ", "from "))]


def _counts(line: str) -> bool:
    return len(line) > LONG and line not in IDIOMS


def _threes(lines: list[str]) -> list[tuple[str, ...]]:
    return list(zip(lines, lines[1:], lines[2:], strict=False))
