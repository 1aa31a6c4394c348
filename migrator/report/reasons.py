"""Explanations of a diff as words: for the screen, and as comments that `git apply` passes over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from migrator.core.findings import LineRange
from migrator.core.linemap import Hunk
from migrator.report.filediff import FileDiff
from migrator.report.hunks import sections
from migrator.report.why import FileWhy, RunWhy, Why

UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Reason:
    """One explanation: what did it, in which class, why, by which source, and which lines of the hunk it is for."""

    title: str  # "cuda-names (minimal, layer names)"
    label: str  # "hpu_match"
    reason: str
    source: str
    lines: str = ""  # "lines 5, 12-13, old line 15"


def reasons(why: Why) -> list[Reason]:
    """The explanations of a hunk, each once, in the order of its lines; `unexplained` for lines without any."""
    found: dict[Reason, list[Hunk]] = {}
    for run in why.runs:
        for reason in _reasons(run):
            runs = found.setdefault(reason, [])
            if run.run is not None and run.run not in runs:
                runs.append(run.run)
    return [replace(reason, lines=_places(runs)) for reason, runs in found.items()]


def _reasons(run: RunWhy) -> list[Reason]:
    if not run.changes:
        return [Reason("no record explains this", UNEXPLAINED, "", "")]
    return [Reason(_title(c.rule, c.stage, c.layer), c.kind.label, _flat(c.reason), c.source) for c in run.changes]


def _title(rule: str, stage: str, layer: str) -> str:
    return f"{rule} ({stage})" if layer in ("", rule) else f"{rule or layer} ({stage}, layer {layer})"


def _places(runs: Sequence[Hunk]) -> str:
    """New lines by their numbers; lines that are only gone by their old ones."""
    new = [_span(run.after) for run in runs if run.after.count]
    old = [_span(run.before) for run in runs if not run.after.count]
    named = [(f"line{'s' if len(new) > 1 or '-' in new[0] else ''}", new)] if new else []
    named += [(f"old line{'s' if len(old) > 1 or '-' in old[0] else ''}", old)] if old else []
    return ", ".join(f"{what} {', '.join(spans)}" for what, spans in named)


def _span(lines: LineRange) -> str:
    return str(lines.start) if lines.count == 1 else f"{lines.start}-{lines.stop - 1}"


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
    where = f", {reason.lines}" if reason.lines else ""
    return f"{reason.title}{where}{because}" + (f" <{_flat(reason.source)}>" if reason.source else "")


def _quiet(path: str) -> str:
    """A path in one line of valid UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode()
