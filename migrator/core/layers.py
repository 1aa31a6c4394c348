"""Stages and the layers they are made of: plain values, read from a recipe's series.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from migrator.core.findings import Change, Finding
from migrator.core.tree import Entry, Tree


@dataclass(frozen=True)
class Layer:
    """What every layer has: a name within its stage, why it exists, and for which targets it holds."""

    name: str
    reason: str
    source: str
    modes: frozenset[str] = frozenset()  # empty: every mode
    styles: frozenset[str] = frozenset()  # empty: every style
    releases: str = ""  # "", ">=1.17", "<1.13": a comparison with the target's release


@dataclass(frozen=True)
class RuleLayer(Layer):
    """Rewrites that recur in many repositories. A rule not in `optional` must match somewhere, or it is drift."""

    rules: tuple[str, ...] = ()
    files: tuple[str, ...] = ("**/*.py",)
    optional: frozenset[str] = frozenset()
    modules: Mapping[str, Entry] = field(default_factory=dict)  # name -> file, put beside what comes to import it


@dataclass(frozen=True)
class CodemodLayer(Layer):
    """One LibCST codemod class, ours or a user's, named `package.module:Class`."""

    codemod: str = ""
    files: tuple[str, ...] = ("**/*.py",)
    optional: bool = False


class Where(str, Enum):
    """What an anchor does at the statement it addresses."""

    BEFORE = "before"
    AFTER = "after"
    REPLACE = "replace"
    DELETE = "delete"
    HEADER = "header"  # replace a compound statement's header, keep its body
    ARGUMENT = "argument"  # replace one argument of a call, by position or keyword
    ADD_ARGUMENT = "add-argument"  # append one argument to a call
    REMOVE_ARGUMENT = "remove-argument"
    REMOVE_COMMENT = "remove-comment"  # a comment on a line of its own, directly above the statement or inside it


@dataclass(frozen=True)
class Anchor:
    """A change in one upstream's own function that quotes none of it.

    `symbol` is a qualified name ("" for the module), `statement` is `kind[:target][#ordinal]`, for instance
    `assign:loss#1` or `expr:optimizer.step`; `sha256` is the hash of the symbol's source in the upstream.
    """

    path: str
    symbol: str
    statement: str
    where: Where
    text: str
    sha256: str
    reason: str = ""
    source: str = ""
    argument: str = ""  # a keyword's name, or a position counted from 0
    call: str = ""  # the called name; the statement's first call where empty
    kind: str = "modified"
    comment: str = ""  # the hash of a comment's text


@dataclass(frozen=True)
class AnchorLayer(Layer):
    """Anchors that hold together or not at all."""

    anchors: tuple[Anchor, ...] = ()


@dataclass(frozen=True)
class DiffLayer(Layer):
    """A unified diff in git's format."""

    diff: bytes = b""


@dataclass(frozen=True)
class FilesLayer(Layer):
    """Whole files written here, added to the tree. A file that exists already is a conflict."""

    files: Tree = field(default_factory=dict)
    modules: Mapping[str, Entry] = field(default_factory=dict)  # name -> file that recipes share, put at the root


@dataclass(frozen=True)
class TextsLayer(Layer):
    """Lists GPU-only uses in files that are not Python. One that finds none is drift, unless it is optional."""

    files: tuple[str, ...] = (
        *("**/*.sh", "**/*.bash", "**/*.zsh", "**/*.ksh", "**/*.sub", "**/*.sbatch", "**/*.slurm", "**/*.env"),
        *("**/Dockerfile*", "**/*.Dockerfile", "**/*.dockerfile", "**/Makefile", "**/*.mk"),
        *("**/*requirements*.txt", "**/requirements/*.txt", "**/*.yml", "**/*.yaml", "**/*.md"),
    )
    optional: bool = False


AnyLayer = RuleLayer | CodemodLayer | AnchorLayer | DiffLayer | FilesLayer | TextsLayer


@dataclass(frozen=True)
class Stage:
    """A named step of the port; levels are cumulative."""

    name: str
    summary: str
    layers: tuple[AnyLayer, ...]


class Status(str, Enum):
    """How a layer ended."""

    APPLIED = "applied"
    NOOP = "noop"
    SKIPPED = "skipped"  # not for this target


@dataclass(frozen=True)
class Outcome:
    """What one layer did: success, no-op and skip are values; drift and conflict raise `LayerError`."""

    layer: str
    status: Status
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()  # for instance "hunk 2 of train.py found 3 lines further down"


@dataclass(frozen=True)
class StageResult:
    """The tree after a stage, with the layers' outcomes in order; changes are in stage coordinates."""

    stage: Stage
    tree: Tree
    outcomes: tuple[Outcome, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes of the stage, in the order of its layers."""
        return tuple(c for o in self.outcomes for c in o.changes)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings of the stage."""
        return tuple(f for o in self.outcomes for f in o.findings)
