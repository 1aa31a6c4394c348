"""A rule layer over a tree: one pass a file, and drift where an expected rule found nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from migrator.core.added_file import added_file, needed_modules
from migrator.core.engine import FileResult, concerned, rewrite
from migrator.core.explain import step_of
from migrator.core.file import Context
from migrator.core.findings import Finding
from migrator.core.globs import selected
from migrator.core.layers import RuleLayer
from migrator.core.rule import Rule
from migrator.core.steps import LayerResult, Step
from migrator.core.tree import Entry, Mode, Tree
from migrator.core.unneeded_modules import removed_file, unneeded_modules
from migrator.errors import LayerError


class DriftError(LayerError):
    """The upstream is not what a layer was written for."""


def chosen_rules(layer: RuleLayer, rules: Mapping[str, Rule], context: Context) -> list[Rule]:
    """The layer's rules that mean something for the target, in the layer's order."""
    unknown = [name for name in layer.rules if name not in rules]
    if unknown:
        raise LayerError(
            f"layer {layer.name!r} names unknown rules: {', '.join(unknown)}", hint="see docs/rules.md for their names"
        )
    return [rules[name] for name in layer.rules if rules[name].applies(context.target)]


def apply_rules(
    layer: RuleLayer, tree: Tree, upstream: Tree, rules: Mapping[str, Rule], context: Context
) -> LayerResult:
    """Apply the layer's rules to the files it selects. `upstream` tells its files from those that layers added."""
    own = {f"{name}.py": module.data for name, module in layer.modules.items()}
    # a module that another layer has put there is none of the upstream's
    paths = frozenset(path for path in tree if own.get(path.rpartition("/")[2]) != tree[path].data)
    sources = {path: entry.data for path, entry in tree.items() if path.endswith(".py")}
    context = replace(context, paths=paths, modules=frozenset(layer.modules), sources=sources)
    active = chosen_rules(layer, rules, context)
    after: dict[str, Entry] = dict(tree)
    steps: list[Step] = []
    findings: list[Finding] = []
    fixes = 0
    for path in sorted(tree):
        entry = tree[path]
        regular = entry.mode in (Mode.FILE, Mode.EXECUTABLE)
        if not regular or not selected(path, layer.files) or not concerned(entry.data, active, context):
            continue
        result = rewrite(path, entry.data, active, context)
        findings += result.findings
        for step in _steps(path, result, fixes):
            steps.append(step)
            fixes = max([fixes, *(c.fix for c in step.changes)])
        if result.rounds:
            after[path] = Entry(result.data, entry.mode)
            for place, module in _modules(layer, path, result, after):
                after[place] = module
                fixes += 1
                steps.append(added_file(place, module.data, layer.name, f"{path} imports it.", layer.source, fixes))
    for number, (path, user) in enumerate(list(unneeded_modules(layer, tree, after, upstream)), fixes + 1):
        steps.append(removed_file(layer, path, after.pop(path).data, user, number))
    _check_drift(layer, active, steps, findings)
    return LayerResult(after, tuple(steps), tuple(findings))


def _steps(path: str, result: FileResult, fixes: int) -> list[Step]:
    steps: list[Step] = []
    for number in result.rounds:
        steps.append(step_of(path, number.before, number.after, number.edits, number.fixes, fixes + 1))
        fixes += len(number.fixes)
    return steps


def _modules(layer: RuleLayer, path: str, result: FileResult, after: Tree) -> list[tuple[str, Entry]]:
    """The layer's modules that a rewritten file has come to import, with their places beside it."""
    before, now = (text.decode("utf-8") for text in (result.rounds[0].before, result.rounds[-1].after))
    return [(place, module) for place, module in needed_modules(path, before, now, layer.modules) if place not in after]


def _check_drift(layer: RuleLayer, active: list[Rule], steps: list[Step], findings: list[Finding]) -> None:
    """A rule that only reports what it found, for a person to port, has matched too."""
    matched = {change.rule for step in steps for change in step.changes} | {finding.rule for finding in findings}
    silent = [rule.name for rule in active if rule.name not in matched and rule.name not in layer.optional]
    if silent:
        raise DriftError(
            f"layer {layer.name!r}: expected to match but found nothing: {', '.join(silent)}",
            hint="the upstream differs from what the recipe was written for; review the layer, "
            "or list the rule under `optional` in series.toml",
        )
