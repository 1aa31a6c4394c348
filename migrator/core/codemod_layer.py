"""A layer that runs any LibCST codemod class and turns its result into minimal edits.

LibCST is imported here only, and only when such a layer runs: importing it costs more than most migrations.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from migrator.core.edits import Edit, Fix
from migrator.core.explain import step_of
from migrator.core.findings import Finding, Kind
from migrator.core.globs import selected
from migrator.core.layers import CodemodLayer
from migrator.core.linemap import line_starts
from migrator.core.rule_layer import DriftError
from migrator.core.source import UnreadableSourceError, decode
from migrator.core.steps import LayerResult, Step
from migrator.core.tree import Entry, Mode, Tree

if TYPE_CHECKING:
    from libcst.codemod import Codemod

LoadCodemod = Callable[[str], "type[Codemod]"]


def line_edits(before: bytes, after: bytes) -> list[Edit]:
    """The differing lines of two texts as edits of the first."""
    old, new = _lines(before), _lines(after)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return [
        Edit(starts[a], starts[b], b"".join(new[c:d])) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"
    ]


def _lines(text: bytes) -> list[bytes]:
    starts = [*line_starts(text), len(text)]
    return [text[a:b] for a, b in pairwise(starts) if a < b]


def apply_codemod(layer: CodemodLayer, tree: Tree, load: LoadCodemod) -> LayerResult:
    """Run the layer's codemod over the Python files it selects."""
    codemod = load(layer.codemod)
    after: dict[str, Entry] = dict(tree)
    steps: list[Step] = []
    findings: list[Finding] = []
    for path in sorted(tree):
        entry = tree[path]
        if entry.mode not in (Mode.FILE, Mode.EXECUTABLE) or not selected(path, layer.files):
            continue
        try:
            before, new = _transform(codemod, path, entry.data)
        except UnreadableSourceError as error:
            advice = "Port this file by hand, or make it valid for the Python that runs migrate."
            findings.append(Finding(Kind.MANUAL, path, 1, layer.codemod, f"was not looked into: {error}", advice))
            continue
        if new == before:
            continue
        fixes = [
            Fix(layer.codemod, Kind.MODIFIED, layer.reason, layer.source, (edit,)) for edit in line_edits(before, new)
        ]
        edits = [edit for fix in fixes for edit in fix.edits]
        first = 1 + max((c.fix for s in steps for c in s.changes), default=0)
        steps.append(step_of(path, before, new, edits, fixes, first))
        after[path] = Entry(decode(path, entry.data).encode(new), entry.mode)
    if not steps and not layer.optional:
        raise DriftError(
            f"layer {layer.name!r}: the codemod {layer.codemod} changed nothing",
            hint="the upstream differs from what the recipe was written for; review the layer, or mark it `optional`",
        )
    return LayerResult(after, tuple(steps), tuple(findings))


def _transform(codemod: type[Codemod], path: str, data: bytes) -> tuple[bytes, bytes]:
    """The file's text before and after, as UTF-8."""
    import libcst  # noqa: PLC0415 - see the module's docstring
    from libcst.codemod import CodemodContext, SkipFile  # noqa: PLC0415

    source = decode(path, data)
    try:
        module = libcst.parse_module(source.text.decode("utf-8"))  # a str: a coding cookie no longer holds
        context = CodemodContext(filename=path)
        code = codemod(context).transform_module(module).code.encode("utf-8")
    except SkipFile:
        return source.text, source.text
    except (libcst.ParserSyntaxError, RecursionError) as error:
        raise UnreadableSourceError(str(error).splitlines()[0]) from error
    return source.text, code
