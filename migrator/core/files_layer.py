"""A layer of whole files written here."""

from __future__ import annotations

from migrator.core.findings import Kind, LineRange
from migrator.core.layers import FilesLayer
from migrator.core.linemap import Hunk, LineMap, line_starts
from migrator.core.rule_layer import DriftError
from migrator.core.steps import LayerResult, Step, StepChange
from migrator.core.tree import Tree, check_path


def apply_files(layer: FilesLayer, tree: Tree) -> LayerResult:
    """Add the layer's files. One that exists already is drift: the layer would hide what upstream wrote."""
    steps: list[Step] = []
    for number, (path, entry) in enumerate(sorted(layer.files.items()), 1):
        check_path(path)
        if path in tree:
            raise DriftError(
                f"layer {layer.name!r}: {path} exists already",
                hint="upstream has a file of that name now; rename the added one, or write a diff against it",
            )
        lines = len(line_starts(entry.data)) - entry.data.endswith((b"\n", b"\r"))
        before, after = LineRange(1, 0), LineRange(1, lines if entry.data else 0)
        text = entry.data.decode("utf-8", "replace")
        change = StepChange(before, after, "", text, layer.name, Kind.MODIFIED, layer.reason, layer.source, number)
        steps.append(Step(path, "", LineMap((Hunk(before, after),)), (change,)))
    return LayerResult({**tree, **layer.files}, tuple(steps))
