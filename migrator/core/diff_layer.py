"""A layer that is a unified diff in git's format."""

from __future__ import annotations

from migrator.core.findings import Kind, LineRange
from migrator.core.layers import DiffLayer
from migrator.core.linemap import LineMap, line_starts
from migrator.core.steps import LayerResult, Step, StepChange
from migrator.core.tree import Tree
from migrator.core.udiff import parse_diff
from migrator.core.udiff_apply import PatchedFile, apply_diff


def apply_unified(layer: DiffLayer, tree: Tree) -> LayerResult:
    """Apply the layer's diff, all of it or nothing."""
    result = apply_diff(tree, parse_diff(layer.diff, name=layer.name), name=layer.name)
    steps: list[Step] = []
    fix = 0
    for patched in result.files:
        step = _step(layer, patched, tree, result.tree, fix)
        fix += len(step.changes)
        steps.append(step)
    notes = tuple(note for patched in result.files for note in patched.notes)
    return LayerResult(result.tree, tuple(steps), (), notes)


def _step(layer: DiffLayer, patched: PatchedFile, before: Tree, after: Tree, fix: int) -> Step:
    changes: list[StepChange] = []
    old, new = _data(before, patched.old_path), b"" if patched.deleted else _data(after, patched.path)
    for number, hunk in enumerate(patched.hunks, fix + 1):
        texts = (_lines(old, hunk.before), _lines(new, hunk.after))
        changes.append(
            StepChange(hunk.before, hunk.after, *texts, layer.name, Kind.MODIFIED, layer.reason, layer.source, number)
        )
    if not changes:  # a rename, a mode, an empty file
        texts = _headline(before, patched.old_path), _headline(after, patched.path)
        gap = LineRange(1, 0)
        changes.append(StepChange(gap, gap, *texts, layer.name, Kind.MODIFIED, layer.reason, layer.source, fix + 1))
    return Step(patched.path, patched.old_path, LineMap(patched.hunks), tuple(changes))


def _data(tree: Tree, path: str) -> bytes:
    return tree[path].data if path in tree else b""


def _lines(data: bytes, lines: LineRange) -> str:
    starts = [*line_starts(data), len(data)]
    return data[starts[lines.start - 1] : starts[min(lines.stop, len(starts)) - 1]].decode("utf-8", "replace")


def _headline(tree: Tree, path: str) -> str:
    """What a change without lines is about: the file's path and mode."""
    return f"{path} (mode {tree[path].mode.value})" if path in tree else ""
