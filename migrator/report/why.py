"""Which changes explain which hunk of a diff between two stages.

A diff is git's own account of what differs; among several equal lines it may name another one than the change
that was made. So a run of changed lines is first matched with the changes that touch its very lines, and
failing that with those in the region around it: up to the nearest lines, above and below, of which git and the
record agree where they went. In that region the two accounts describe the same edit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.core.findings import Change, LineRange
from migrator.core.linemap import Hunk, LineMap, line_starts, touches
from migrator.core.tree import Tree
from migrator.report.filediff import FileDiff
from migrator.report.trails import StageStep, Trail, lines_of, stands, trail_from, trail_to


@dataclass(frozen=True)
class RunWhy:
    """An unbroken run of changed lines, in git's numbers, and the changes behind it; `run` is None for a whole file."""

    run: Hunk | None
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Why:
    """The explanations of a hunk, run by run."""

    runs: tuple[RunWhy, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes behind the hunk, each once."""
        return tuple(dict.fromkeys(change for run in self.runs for change in run.changes))

    @property
    def unexplained(self) -> tuple[Hunk | None, ...]:
        """The runs that no change explains; there should be none."""
        return tuple(run.run for run in self.runs if not run.changes)


@dataclass(frozen=True)
class FileWhy:
    """Explanations of one file's diff: of each hunk, in order; of the file, for renames, modes and binaries."""

    file: Why
    hunks: tuple[Why, ...]

    @property
    def explained(self) -> bool:
        """Whether every hunk is explained; without hunks, whether the file is."""
        return not any(why.unexplained for why in self.hunks or (self.file,))


def explain(diff: FileDiff, steps: Sequence[StageStep]) -> FileWhy:
    """Explain one file's diff from the first step's `before` to the last step's `after`."""
    ends = trail_from(diff.old_path, steps), trail_to(diff.path, steps)
    git = LineMap(tuple(_counted(run, diff, steps) for hunk in diff.hunks for run in hunk.runs))
    counted = iter(git.hunks)

    def changes(run: Hunk) -> tuple[Change, ...]:
        found = _touching(run, ends, diff) or _touching(_region(run, ends[1], git, diff, steps), ends, diff)
        return tuple(dict.fromkeys(found))

    hunks = tuple(Why(tuple(RunWhy(run, changes(next(counted))) for run in hunk.runs)) for hunk in diff.hunks)
    whole = dict.fromkeys(found.change for trail in ends for found in trail.located)
    return FileWhy(Why((RunWhy(None, tuple(whole)),)), hunks)


def _touching(run: Hunk, ends: tuple[Trail, Trail], diff: FileDiff) -> list[Change]:
    """The changes that touch the lines of `run`.

    A file has one trail from end to end; then a change's lines must touch at both ends. git may see a deleted and
    an added file as a rename, or the other way round; then each end has a trail of its own.
    """
    forward, backward = ends
    if (backward.paths[0], backward.paths[-1]) == (diff.old_path, diff.path) and forward.paths == backward.paths:
        found = [a for a in backward.located if touches(a.old, run.before) and touches(a.new, run.after)]
    else:
        found = [a for a in forward.located if run.before.count and touches(a.old, run.before)]
        found += [a for a in backward.located if run.after.count and touches(a.new, run.after)]
    return [located.change for located in found]


def _region(run: Hunk, trail: Trail, git: LineMap, diff: FileDiff, steps: Sequence[StageStep]) -> Hunk:
    """`run` widened to the nearest lines of which git and the record agree where they stand."""
    old_count, new_count = (len(lines_of(*end)) for end in _end_texts(diff, steps))

    def agreed(line: int) -> int | None:
        place = stands([git], line)
        return place if place is not None and place == trail.stands(line) else None

    above, below = run.before.start - 1, run.before.stop
    while above >= 1 and agreed(above) is None:
        above -= 1
    while below <= old_count and agreed(below) is None:
        below += 1
    start = agreed(above) or 0 if above >= 1 else 0
    stop = agreed(below) or 0 if below <= old_count else new_count + 1
    return Hunk(LineRange(above + 1, below - above - 1), LineRange(start + 1, stop - start - 1))


def _end_texts(diff: FileDiff, steps: Sequence[StageStep]) -> tuple[tuple[Tree, str], tuple[Tree, str]]:
    return (steps[0].before, diff.old_path), (steps[-1].after, diff.path)


def _counted(run: Hunk, diff: FileDiff, steps: Sequence[StageStep]) -> Hunk:
    """git ends lines at LF only, changes are counted with CR and CRLF, too."""
    old, new = ((tree[path].data if path in tree else b"") for tree, path in _end_texts(diff, steps))
    return Hunk(_recounted(run.before, old), _recounted(run.after, new))


def _recounted(lines: LineRange, data: bytes) -> LineRange:
    if data.count(b"\r") == data.count(b"\r\n"):
        return lines
    ends = [0, *(at + 1 for at, byte in enumerate(data) if byte == 10), len(data)]
    starts = line_starts(data)
    first = bisect_right(starts, ends[lines.start - 1])
    if not lines.count:
        return LineRange(first, 0)
    return LineRange(first, bisect_right(starts, ends[lines.stop - 1] - 1) + 1 - first)
