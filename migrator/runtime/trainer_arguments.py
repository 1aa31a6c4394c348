"""A trainer's arguments by name: merged, overridden by the user, their folders filled in, and written out. Pure.

A value is a text, or true for a flag that is given and false for one that is not.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from migrator.errors import UsageError

Value = str | bool
Arguments = Mapping[str, Value]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FLAGS = {"true": True, "false": False}


def merged(parts: Iterable[Arguments]) -> dict[str, Value]:
    """All arguments; a later part wins, and an argument keeps the place where it was named first."""
    whole: dict[str, Value] = {}
    for part in parts:
        whole |= part
    return whole


def placeholders(values: Iterable[Value]) -> set[str]:
    """The names in braces that the values use: `data` for "{data}/shards"."""
    return {name for value in values if isinstance(value, str) for name in _PLACEHOLDER.findall(value)}


def filled(arguments: Arguments, folders: Mapping[str, str]) -> dict[str, Value]:
    """The arguments with folders in the place of `{name}`. `folders` has every name that they use."""
    return {name: fill(value, folders) if isinstance(value, str) else value for name, value in arguments.items()}


def fill(text: str, folders: Mapping[str, str]) -> str:
    """`text` with folders in the place of `{name}`."""
    return _PLACEHOLDER.sub(lambda found: folders[found[1]], text)


def overridden(arguments: Arguments, settings: Sequence[str]) -> dict[str, Value]:
    """The arguments with the user's `name=value` in their place; `-` and `_` in a name are the same.

    Raises `UsageError` for what is no such setting, an argument that is not there, and a flag that would be a text.
    """
    changed = dict(arguments)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting}: there is no value", hint="write --set name=value")
        known = _known(name, changed)
        changed[known] = _flag(setting, text) if isinstance(changed[known], bool) else text
    return changed


def names_argument(given: Sequence[str], name: str) -> bool:
    """Whether the words of a command line name an argument, in full or, as argparse takes it, shortened."""
    options = [_plain(word.partition("=")[0]) for word in given if word.startswith("--")]
    return any(option and _plain(name).startswith(option) for option in options)


def _known(name: str, arguments: Arguments) -> str:
    spelled = {_plain(known): known for known in arguments}
    if (found := spelled.get(_plain(name))) is not None:
        return found
    close = difflib.get_close_matches(_plain(name), spelled, n=1)
    question = f"did you mean {spelled[close[0]]}? " if close else ""
    raise UsageError(
        f"--set {name}: the configuration has no such argument",
        hint=f"{question}it has: {', '.join(arguments)}; further arguments come after --",
    )


def _plain(name: str) -> str:
    return name.lstrip("-").replace("-", "_")


def _flag(setting: str, text: str) -> bool:
    if text not in _FLAGS:
        raise UsageError(f"--set {setting}: it is given or not, and has no value", hint="write true or false")
    return _FLAGS[text]


def words(arguments: Arguments) -> list[str]:
    """The arguments as a command line has them: `--name=value`, and `--name` for a flag that is true."""
    return [
        f"--{name}" if value is True else f"--{name}={value}" for name, value in arguments.items() if value is not False
    ]
