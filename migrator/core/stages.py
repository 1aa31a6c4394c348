"""Apply a stage to a tree: its layers in order, all or nothing, every change in the stage's own coordinates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from migrator.core.anchor_layer import apply_anchors
from migrator.core.codemod_layer import LoadCodemod, apply_codemod
from migrator.core.diff_layer import apply_unified
from migrator.core.file import Context
from migrator.core.files_layer import apply_files
from migrator.core.findings import Change, Finding
from migrator.core.history import History
from migrator.core.layers import (
    AnchorLayer,
    AnyLayer,
    CodemodLayer,
    DiffLayer,
    Layer,
    Outcome,
    RuleLayer,
    Stage,
    StageResult,
    Status,
    TextsLayer,
)
from migrator.core.releases import matches
from migrator.core.rule import Rule
from migrator.core.rule_layer import apply_rules
from migrator.core.steps import LayerResult, Step, StepChange
from migrator.core.target import Target
from migrator.core.text_map import TextMap
from migrator.core.texts_layer import apply_texts
from migrator.core.tree import Tree


@dataclass(frozen=True)
class Toolbox:
    """What layers need besides the tree: target, API and text facts, the rules, and how to find a codemod class."""

    context: Context
    rules: Mapping[str, Rule]
    load_codemod: LoadCodemod
    texts: TextMap = field(default_factory=TextMap)


def holds(layer: Layer, target: Target) -> bool:
    """Whether a layer is meant for this target."""
    return (
        (not layer.modes or target.mode.value in layer.modes)
        and (not layer.styles or target.style.value in layer.styles)
        and matches(layer.releases, target.release)
    )


def apply_stage(stage: Stage, tree: Tree, upstream: Tree, toolbox: Toolbox) -> StageResult:
    """Apply `stage` to `tree`. Raises `LayerError` for drift or a conflict; `tree` is never changed."""
    current: Tree = tree
    results: list[tuple[AnyLayer, LayerResult | None]] = []
    for layer in stage.layers:
        if not holds(layer, toolbox.context.target):
            results.append((layer, None))
            continue
        result = _apply(layer, current, upstream, toolbox)
        results.append((layer, result))
        current = result.tree
    return StageResult(stage, current, tuple(_outcomes(stage, results)))


def _apply(layer: AnyLayer, tree: Tree, upstream: Tree, toolbox: Toolbox) -> LayerResult:
    if isinstance(layer, RuleLayer):
        return apply_rules(layer, tree, upstream, toolbox.rules, toolbox.context)
    if isinstance(layer, CodemodLayer):
        return apply_codemod(layer, tree, toolbox.load_codemod)
    if isinstance(layer, AnchorLayer):
        return apply_anchors(layer, tree, upstream, toolbox.context)
    if isinstance(layer, DiffLayer):
        return apply_unified(layer, tree)
    if isinstance(layer, TextsLayer):
        return apply_texts(layer, tree, toolbox.texts)
    return apply_files(layer, tree)


def _outcomes(stage: Stage, results: list[tuple[AnyLayer, LayerResult | None]]) -> Iterable[Outcome]:
    history = History([step for _, result in results if result for step in result.steps])
    steps = fixes = 0
    seen: set[Finding] = set()
    for layer, result in results:
        if result is None:
            yield Outcome(layer.name, Status.SKIPPED)
            continue
        first, steps = steps, steps + len(result.steps)
        changes: list[Change] = []
        for number, step in enumerate(result.steps, first):
            # only rules make several steps on a file; the other layers change all their files at once
            span = (number, number + 1) if isinstance(layer, RuleLayer) else (first, steps)
            changes += [_change(stage, layer, step, change, history, span, fixes) for change in step.changes]
        fixes += max((change.fix for step in result.steps for change in step.changes), default=0)
        moved = [history.standing(finding, steps) for finding in result.findings]
        findings = [f for f in dict.fromkeys(moved) if f is not None and f not in seen]
        seen.update(findings)
        status = Status.APPLIED if changes else Status.NOOP
        yield Outcome(layer.name, status, tuple(changes), tuple(findings), result.notes)


def _change(
    stage: Stage, layer: Layer, step: Step, change: StepChange, history: History, span: tuple[int, int], fixes: int
) -> Change:
    """A step's change in the stage's own coordinates; `span` are the steps that happened at once with it."""
    old_path, before = history.before(step.old_path, change.before, span[0])
    path, after = history.after(step.path, change.after, span[1])
    return Change(
        stage=stage.name,
        layer=layer.name,
        file=path,
        before=before,
        after=after,
        rule=change.rule,
        kind=change.kind,
        text_before=change.text_before,
        text_after=change.text_after,
        reason=change.reason,
        source=change.source,
        fix=fixes + change.fix,
        old_file=old_path if old_path != path else "",
    )
