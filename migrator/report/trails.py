"""Follow one file through the stages between the two ends of a diff: its paths, its lines, its changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.core.findings import Change, LineRange
from migrator.core.linemap import Hunk, LineMap, between
from migrator.core.tree import Tree


@dataclass(frozen=True)
class StageStep:
    """One stage: the tree it found, the tree it left, and its changes, in the coordinates of these two."""

    before: Tree
    after: Tree
    changes: Sequence[Change]


@dataclass(frozen=True)
class Located:
    """A change and the lines it has at the two ends of the diff."""

    change: Change
    old: LineRange
    new: LineRange


@dataclass(frozen=True)
class Trail:
    """A file's paths in the trees from first to last, the line maps between them, and its changes."""

    paths: tuple[str, ...]
    maps: tuple[LineMap, ...]
    located: tuple[Located, ...]

    def stands(self, line: int) -> int | None:
        """Where the first tree's `line` stands in the last one; None when a stage changed it."""
        return stands(self.maps, line)


def stands(maps: Sequence[LineMap], line: int) -> int | None:
    """Where `line` stands after all `maps`; None when it lies in a hunk of one of them."""
    for linemap in maps:
        if any(hunk.before.start <= line < hunk.before.stop for hunk in linemap.hunks):
            return None
        line = linemap.forward(LineRange(line, 1)).start
    return line


def trail_to(path: str, steps: Sequence[StageStep]) -> Trail:
    """The trail that ends at `path`, followed backward through renames."""
    paths = [path]
    for step in reversed(steps):
        renames = (c.old_file for c in step.changes if c.file == paths[0] and c.old_file)
        paths.insert(0, next(renames, paths[0]))
    return _trail(paths, steps)


def trail_from(path: str, steps: Sequence[StageStep]) -> Trail:
    """The trail that starts at `path`, followed forward through renames."""
    paths = [path]
    for step in steps:
        renames = (c.file for c in step.changes if c.old_file == paths[-1])
        paths.append(next(renames, paths[-1]))
    return _trail(paths, steps)


def _trail(paths: Sequence[str], steps: Sequence[StageStep]) -> Trail:
    changes = [[c for c in step.changes if c.file == path] for step, path in zip(steps, paths[1:], strict=True)]
    maps = [
        stage_map(lines_of(step.before, old), lines_of(step.after, new), own)
        for step, old, new, own in zip(steps, paths, paths[1:], changes, strict=False)
    ]
    located: list[Located] = []
    for number, own in enumerate(changes):
        for change in own:
            old, new = change.before, change.after
            for linemap in reversed(maps[:number]):
                old = linemap.backward(old)
            for linemap in maps[number + 1 :]:
                new = linemap.forward(new)
            located.append(Located(change, old, new))
    return Trail(tuple(paths), tuple(maps), tuple(located))


def lines_of(tree: Tree, path: str) -> list[bytes]:
    """A file's lines with their ends; none when the tree lacks it."""
    return tree[path].data.splitlines(keepends=True) if path in tree else []


def stage_map(old: Sequence[bytes], new: Sequence[bytes], changes: Sequence[Change]) -> LineMap:
    """The map between two texts that the recorded changes tell; difflib's when they do not tell all.

    The record is exact, where a diff has to guess which of several equal lines was put in.
    """
    linemap = LineMap(tuple(_merged(changes)))
    return linemap if _accounts_for_all(linemap, old, new) else between(old, new)


def _merged(changes: Sequence[Change]) -> list[Hunk]:
    """Changes as hunks, those that overlap or adjoin made one."""
    hunks: list[Hunk] = []
    for change in sorted(changes, key=lambda c: (c.before.start, c.after.start, c.before.stop, c.after.stop)):
        if hunks and (change.before.start <= hunks[-1].before.stop or change.after.start <= hunks[-1].after.stop):
            last = hunks.pop()
            hunks.append(Hunk(_hull(last.before, change.before), _hull(last.after, change.after)))
        else:
            hunks.append(Hunk(change.before, change.after))
    return hunks


def _hull(a: LineRange, b: LineRange) -> LineRange:
    start = min(a.start, b.start)
    return LineRange(start, max(a.stop, b.stop) - start)


def _accounts_for_all(linemap: LineMap, old: Sequence[bytes], new: Sequence[bytes]) -> bool:
    """Whether the texts are equal everywhere outside the hunks."""
    at_old = at_new = 1
    for hunk in linemap.hunks:
        if old[at_old - 1 : hunk.before.start - 1] != new[at_new - 1 : hunk.after.start - 1]:
            return False
        at_old, at_new = hunk.before.stop, hunk.after.stop
    return old[at_old - 1 :] == new[at_new - 1 :]
