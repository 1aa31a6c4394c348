"""A layer that reads files which are not Python and lists what in them needs an NVIDIA GPU. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.core.findings import Finding
from migrator.core.globs import selected
from migrator.core.layers import TextsLayer
from migrator.core.live_text import live_lines
from migrator.core.rule_layer import DriftError
from migrator.core.steps import LayerResult
from migrator.core.text_map import TextMap
from migrator.core.tree import Mode, Tree


def apply_texts(layer: TextsLayer, tree: Tree, known: TextMap) -> LayerResult:
    """List the uses in the files that the layer selects, each once a line."""
    findings: list[Finding] = []
    for path in sorted(tree):
        entry = tree[path]
        if entry.mode in (Mode.FILE, Mode.EXECUTABLE) and selected(path, layer.files):
            findings += dict.fromkeys(_findings(layer, path, entry.data, known.for_file(path)))
    if not findings and not layer.optional:
        raise DriftError(
            f"layer {layer.name!r}: expected to find GPU-only uses in texts but found none",
            hint="the upstream differs from what the recipe was written for; review the layer, or mark it `optional`",
        )
    return LayerResult(dict(tree), (), tuple(findings))


def _findings(layer: TextsLayer, path: str, data: bytes, known: TextMap) -> Iterator[Finding]:
    for line in live_lines(path, data):
        for use, entry in known.uses(line.text):
            yield Finding(entry.kind, path, line.number, use, entry.reason, entry.advice, layer.name)
