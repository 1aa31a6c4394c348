"""One [[configuration]] of trainers/<recipe>.toml, checked against the rest of the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from migrator.core.target import Chip
from migrator.recipes import LEVELS
from migrator.repo.toml_table import Table
from migrator.runtime.configurations import Configuration, Entry
from migrator.runtime.trainer_arguments import Arguments, Value, merged, placeholders

LIST = "list"  # `--config list` shows them all
TREE = "tree"  # the placeholder for the folder with the scripts
FOLDERS = ("data", "out")  # the placeholders for what --data and --out say
LINE = r"\S.*"
_NAME = r"[a-z0-9]+(-[a-z0-9]+)*"


@dataclass(frozen=True)
class Shared:
    """What the configurations of a file have in common."""

    entries: Mapping[str, Entry]
    sets: Mapping[str, Arguments]
    cards: int


def read_arguments(table: Table) -> dict[str, Value]:
    """All keys of the table, which are arguments of a script."""
    names = table.keys()
    arguments = {name: table.text_or_flag(name) for name in names}
    for name, value in arguments.items():
        check_placeholders(table, name, [value])
    return arguments


def read_cards(table: Table, default: str) -> int:
    """The number of cards; `default` where none is given."""
    text = table.text_or_number("cards", default)
    if not text.isdecimal() or not int(text):
        table.refuse("cards", "must be a number of cards: 1 or more")
    return int(text)


def read_configuration(table: Table, shared: Shared, before: Mapping[str, Configuration]) -> Configuration:
    """One configuration; `before` are those above it in the file."""
    name = _name(table, before)
    entry = shared.entries[_known(table, "entry", table.text("entry"), shared.entries)]
    sets = [shared.sets[_known(table, "sets", part, shared.sets)] for part in table.texts("sets")]
    arguments = merged([*sets, read_arguments(table.table("arguments"))])
    for path in entry.paths:
        if not isinstance(arguments.get(path), str):
            table.refuse("arguments", f"have no text {path}, which {entry.script} needs", hint="see its [entry]")
    after = table.text("after", "")
    if after:
        _known(table, "after", after, before)
    configuration = Configuration(
        name,
        table.text("summary", form=LINE, means="one line of text"),
        entry,
        _known(table, "level", table.text("level"), LEVELS),
        _cards_of(table, entry, shared.cards),
        after,
        arguments,
        _chips(table.table("chips"), arguments),
    )
    table.finish()
    return configuration


def _name(table: Table, before: Mapping[str, Configuration]) -> str:
    name = table.text("name", form=_NAME, means="lower-case words joined by -")
    if name in before:
        table.refuse("name", f"cannot be {name!r}: there is one of that name")
    if name == LIST:
        table.refuse("name", f"cannot be {name!r}: --config {LIST} lists them")
    return name


def _cards_of(table: Table, entry: Entry, default: int) -> int:
    cards = read_cards(table, str(1 if entry.one_process else default))
    if entry.one_process and cards > 1:
        table.refuse("cards", f"must be 1: {entry.script} is for one process")
    return cards


def _chips(table: Table, arguments: Arguments) -> dict[Chip, Arguments]:
    """The sizes that a chip has of its own, of arguments that the configuration has anyway."""
    chips: dict[Chip, Arguments] = {}
    names = table.keys()
    for name in names:
        chip = Chip(_known(table, name, name, [each.value for each in Chip]))
        inner = table.table(name)
        chips[chip] = read_arguments(inner)
        for argument in chips[chip]:
            _known(inner, argument, argument, arguments)
    return chips


def _known(table: Table, key: str, value: str, known: Iterable[str]) -> str:
    if value not in known:
        table.refuse(key, f"is {value!r}, which is not there", hint=f"there are: {', '.join(known) or 'none'}")
    return value


def check_placeholders(table: Table, key: str, values: Iterable[Value]) -> None:
    """Refuse the key when a value has a placeholder that nothing stands for."""
    names = (*FOLDERS, TREE)
    if unknown := sorted(placeholders(values) - set(names)):
        table.refuse(key, f"has the placeholder {{{unknown[0]}}}", hint=f"known are: {', '.join(names)}")
