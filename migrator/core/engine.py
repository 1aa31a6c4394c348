"""Rewrite one file by a set of rules: rounds of one shared pass each, until nothing changes.

Each round parses the text, shows every node to the rules that asked for its kind, takes the fixes that can hold
together (`migrator.core.edits.choose`) and makes their edits. What lost to a wider fix is asked again in the
next round, on the new text. The end is a fixpoint, so a second run finds nothing to do by construction.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from migrator.core.edits import Edit, Fix, apply_edits, choose, contradicts_itself, merged_edits
from migrator.core.file import Context, File, SpotMismatchError, read
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.source import TOO_DEEP, UnreadableSourceError

MAX_ROUNDS = 25  # deepest nesting met in real code needs 5


class UnsettledError(RuntimeError):
    """Rules undo one another, or a rule's output does not parse: a bug in a rule, never the user's fault."""


@dataclass(frozen=True)
class Round:
    """One round's input text and what was done to it. All offsets are into `before`, which is UTF-8."""

    before: bytes
    after: bytes
    edits: tuple[Edit, ...]
    fixes: tuple[Fix, ...]


@dataclass(frozen=True)
class FileResult:
    """A rewritten file: its new bytes, the rounds that made them, and findings on the new text."""

    data: bytes
    rounds: tuple[Round, ...] = ()
    findings: tuple[Finding, ...] = ()


def concerned(data: bytes, rules: Iterable[Rule], context: Context) -> list[Rule]:
    """The rules that may find something in the bytes."""
    return [rule for rule in rules if rule.concerns(data, context)]


def rewrite(path: str, data: bytes, rules: Sequence[Rule], context: Context) -> FileResult:
    """Apply `rules` to one file. A file that no rule concerns comes back as it is, unparsed."""
    active = concerned(data, rules, context)
    if not active:
        return FileResult(data)
    try:
        file = read(path, data, context)
    except UnreadableSourceError as error:
        return _unreadable(path, data, str(error))
    try:
        return _settle(file, data, rules, active)
    except RecursionError:
        return _unreadable(path, data, TOO_DEEP)


def _settle(file: File, data: bytes, rules: Sequence[Rule], active: list[Rule]) -> FileResult:
    """Rounds until nothing changes. `active` are the rules that the bytes concern."""
    rounds: list[Round] = []
    while True:
        fixes, findings = _ask(file, active)
        chosen = choose(fixes)
        if not chosen:
            return FileResult(data, tuple(rounds), findings)
        made, file = _make(file, chosen)
        rounds.append(made)
        if made.after == made.before or len(rounds) > MAX_ROUNDS:
            raise UnsettledError(f"{file.path}: the rules {_names(chosen)} do not settle after {len(rounds)} rounds")
        data = file.source.encode(made.after)
        active = concerned(data, rules, file.context)


def _make(file: File, fixes: Sequence[Fix]) -> tuple[Round, File]:
    """Make the fixes' edits and parse the result.

    Fixes that are right alone can be wrong together: two of them may each take one of a block's two statements.
    Then the first half of them is made; the others are asked again in the next round, on the new text.
    """
    while True:
        edits = merged_edits(fixes)
        after = apply_edits(file.source.text, edits)
        try:
            parsed = read(file.path, file.source.encode(after), file.context)
        except UnreadableSourceError as error:
            if len(fixes) == 1:
                why = f"after the rule {_names(fixes)} the text no longer parses: {error}"
                raise UnsettledError(f"{file.path}: {why}") from error
            fixes = fixes[: len(fixes) // 2]
        else:
            return Round(file.source.text, after, tuple(edits), tuple(fixes)), parsed


def _names(fixes: Iterable[Fix]) -> str:
    return ", ".join(sorted({fix.rule for fix in fixes}))


def _unreadable(path: str, data: bytes, why: str) -> FileResult:
    advice = "Port this file by hand, or make it valid for the Python that runs migrate, and apply again."
    return FileResult(data, (), (Finding(Kind.MANUAL, path, 1, "", f"was not looked into: {why}", advice),))


def _ask(file: File, rules: Sequence[Rule]) -> tuple[list[Fix], tuple[Finding, ...]]:
    fixes: list[Fix] = []
    findings: list[Finding] = []
    for answer in _answers(file, rules):
        if isinstance(answer, Finding):
            findings.append(answer)
        elif contradicts_itself(answer):
            raise UnsettledError(f"{file.path}: the rule {answer.rule} asks for edits that overlap: {answer.edits}")
        elif answer.edits:
            fixes.append(answer)
    return list(dict.fromkeys(fixes)), tuple(dict.fromkeys(findings))  # several spots may ask for the very same


def _answers(file: File, rules: Sequence[Rule]) -> Iterator[Fix | Finding]:
    wanted: dict[type[ast.AST], list[Rule]] = {}
    for rule in rules:
        for kind in rule.nodes:
            wanted.setdefault(kind, []).append(rule)
    for node in file.index.nodes:
        for rule in wanted.get(type(node), ()):
            try:
                yield from rule.visit(node, file)
            except SpotMismatchError as error:
                yield Finding(
                    Kind.MANUAL,
                    file.path,
                    error.line,
                    rule.name,
                    f"the text here cannot be rewritten safely: {error}",
                    "Write the name or string in one plain piece, or change it by hand.",
                    rule.name,
                )
