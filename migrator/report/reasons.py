"""Explanations of a diff as words: for the screen, and as comments that `git apply` passes over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrator.core.linemap import Hunk
from migrator.report.filediff import FileDiff
from migrator.report.hunks import sections
from migrator.report.why import FileWhy, Why

UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Reason:
    """One explanation: what did it, in which class, why, and by which source."""

    title: str  # "cuda-names (minimal, layer names)"
    label: str  # "hpu_match"
    reason: str
    source: str


def reasons(why: Why) -> list[Reason]:
    """The explanations of a hunk, each once; the last one says `unexplained` where lines have none."""
    found = [Reason(_title(c.rule, c.stage, c.layer), c.kind.label, _flat(c.reason), c.source) for c in why.changes]
    if not why.explained:
        lines = ", ".join(f"@@ {_ranges(run)} @@" for run in why.unexplained)
        found.append(Reason(f"no record explains {lines or 'this change'}", UNEXPLAINED, "", ""))
    return list(dict.fromkeys(found))


def _ranges(run: Hunk) -> str:
    return f"-{run.before.start},{run.before.count} +{run.after.start},{run.after.count}"


def _title(rule: str, stage: str, layer: str) -> str:
    return f"{rule} ({stage})" if layer in ("", rule) else f"{rule or layer} ({stage}, layer {layer})"


def _flat(text: str) -> str:
    return " ".join(text.split())


def with_comments(diff: bytes, files: Sequence[FileDiff], whys: Sequence[FileWhy]) -> bytes:
    """Return git's diff with the explanations of each file's hunks before the file's own part.

    There `git apply` ignores them; inside a file's part it would not.
    """
    parts = zip(sections(diff), files, whys, strict=True)
    return b"".join("".join(_comments(file, why)).encode() + section for section, file, why in parts)


def _comments(file: FileDiff, why: FileWhy) -> Iterator[str]:
    hunks = [(hunk.header, one) for hunk, one in zip(file.hunks, why.hunks, strict=True)]
    for place, one in hunks or [("", why.file)]:
        for reason in reasons(one):
            words = (f"# why: {_quiet(file.path)}", place, f"[{reason.label}]", _sentence(reason))
            yield " ".join(word for word in words if word) + "\n"


def _sentence(reason: Reason) -> str:
    because = f": {reason.reason}" if reason.reason else ""
    return f"{reason.title}{because}" + (f" <{_flat(reason.source)}>" if reason.source else "")


def _quiet(path: str) -> str:
    """A path in one line of valid UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode()
