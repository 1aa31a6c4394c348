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
from migrator.core.source import TOO_DEEP, Source, UnreadableSourceError, decode, parse
from migrator.core.steps import LayerResult, Step
from migrator.core.tree import Entry, Mode, Tree
from migrator.errors import LayerError

if TYPE_CHECKING:
    from libcst.codemod import Codemod

LoadCodemod = Callable[[str], "type[Codemod]"]


class CodemodError(LayerError):
    """A codemod failed, or made text that does not parse."""


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
    notes: list[str] = []
    fixes = 1
    for path in sorted(tree):
        entry = tree[path]
        if entry.mode not in (Mode.FILE, Mode.EXECUTABLE) or not selected(path, layer.files):
            continue
        try:
            source = decode(path, entry.data)
            text, warnings = _transform(codemod, source)
        except UnreadableSourceError as error:
            findings.append(_not_looked_into(layer, path, str(error)))
            continue
        notes += [f"{path}: {warning}" for warning in warnings]
        if text != source.text:
            steps.append(_step(layer, source, text, fixes))
            fixes += len(steps[-1].changes)
            after[path] = Entry(source.encode(text), entry.mode)
    if not steps and not layer.optional:
        raise DriftError(
            f"layer {layer.name!r}: the codemod {layer.codemod} changed nothing",
            hint="the upstream differs from what the recipe was written for; review the layer, or mark it `optional`",
        )
    return LayerResult(after, tuple(steps), tuple(findings), tuple(notes))


def _step(layer: CodemodLayer, source: Source, text: bytes, first: int) -> Step:
    edits = line_edits(source.text, text)
    fixes = [Fix(layer.codemod, Kind.MODIFIED, layer.reason, layer.source, (edit,)) for edit in edits]
    return step_of(source.path, source.text, text, edits, fixes, first)


def _not_looked_into(layer: CodemodLayer, path: str, why: str) -> Finding:
    advice = "Port this file by hand, or make it valid for the Python that runs migrate."
    return Finding(Kind.MANUAL, path, 1, "", f"was not looked into: {why}", advice, layer.codemod)


def _transform(codemod: type[Codemod], source: Source) -> tuple[bytes, list[str]]:
    """The file's text as the codemod leaves it, in UTF-8, and what the codemod warns of."""
    import libcst  # noqa: PLC0415 - see the module's docstring
    from libcst.codemod import CodemodContext, SkipFile  # noqa: PLC0415

    parse(source)  # LibCST's own parser may end the process where nesting is too deep for this one
    context = CodemodContext(filename=source.path)
    try:
        module = libcst.parse_module(source.text.decode("utf-8"))  # a str: a coding cookie no longer holds
    except libcst.ParserSyntaxError as error:
        raise UnreadableSourceError(str(error).splitlines()[0]) from error
    except RecursionError as error:
        raise UnreadableSourceError(TOO_DEEP) from error
    try:
        before, after = module.code, codemod(context).transform_module(module).code
    except SkipFile:
        return source.text, context.warnings
    except RecursionError as error:
        raise UnreadableSourceError(TOO_DEEP) from error
    except Exception as error:  # code of the recipe's author, which may raise anything
        raise CodemodError(f"{codemod.__name__} failed on {source.path}: {type(error).__name__}: {error}") from error
    return _text(codemod, source, before, after), context.warnings


def _text(codemod: type[Codemod], source: Source, before: str, after: str) -> bytes:
    """The file's text with the codemod's changes, when it is still Python."""
    if after == before:
        return source.text
    text = _carried_over(source.text, before.encode("utf-8"), after.encode("utf-8"))
    try:
        source.encode(text)
        parse(Source(source.path, text, "utf-8", source.bom))
    except (UnreadableSourceError, UnicodeEncodeError) as error:
        raise CodemodError(f"what {codemod.__name__} makes of {source.path} cannot be kept: {error}") from error
    return text


def _carried_over(text: bytes, before: bytes, after: bytes) -> bytes:
    """The lines that differ between `before` and `after`, changed in `text`.

    `before` is what LibCST gives back for `text` unchanged: it drops form feeds before statements and a lone CR at
    the end. Where even the number of lines differs, what it gives back is all there is.
    """
    end = b"\r" if text.endswith(b"\r") and not before.endswith(b"\r") else b""
    own, old, new = _lines(before + end), _lines(text), _lines(after + end)
    if len(own) != len(old):
        return after
    matcher = difflib.SequenceMatcher(None, own, new, autojunk=False)
    kept = (old[a:b] if tag == "equal" else new[c:d] for tag, a, b, c, d in matcher.get_opcodes())
    return b"".join(line for lines in kept for line in lines)
