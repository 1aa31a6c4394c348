"""Options about loss scaling stay accepted, and say that they have no effect.

    parser.add_argument("--loss_scale", type=float, default=0, help="0: dynamic")
    args = parser.parse_args()
        ->  parser.add_argument("--loss_scale", ..., help="0: dynamic (no effect: bfloat16 needs no loss scaling)")
            args = parser.parse_args()
            if args.loss_scale != parser.get_default("loss_scale"):
                warnings.warn("--loss_scale has no effect: bfloat16 needs no loss scaling")

So a launch script that gives them goes on working. It is done where the file scales losses by apex or a GradScaler, and
all that reads the option goes with that. A loss that is scaled by hand is a finding.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edit_blocks import insert_block_after
from migrator.core.edit_imports import bound_as, ensure_import
from migrator.core.edit_statements import shares_line
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._loss_scale_reads import has_no_effect, options, scaled_by_hand, scales

_NOTE = "no effect: bfloat16 needs no loss scaling"
_ADVICE = "Take the factor out: gradients in bfloat16 neither underflow nor overflow, so losses are not scaled."


class LossScaleOptions(Rule):
    """Options about loss scaling say that they have no effect."""

    name = "loss-scale-options"
    kind = Kind.MODIFIED
    reason = "bfloat16 needs no loss scaling, so the option has no effect; it is still accepted, and says so."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html"
    needles = (b"loss_scal", b"loss-scal")
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Releases before 1.8 have another mixed precision, for which apex's is left."""
        return target.release.mixed_precision == "autocast"

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All options of the file at once: they may share a parser."""
        for product in scaled_by_hand(file):
            yield self.finding(file, product, "a loss or gradient is scaled by hand", _ADVICE)
        if scales(file):
            found = [(call, name) for call, name in options(file) if _can_be_noted(call) and has_no_effect(name, file)]
            yield self.fix([*(_note(call, file) for call, _ in found), *_warnings(found, file)])


def _can_be_noted(call: ast.Call) -> bool:
    """Whether an option's help is missing or plain text, without the note."""
    text = getattr(getattr(keyword(call, "help"), "value", ast.Constant("")), "value", None)
    return isinstance(text, str) and _NOTE not in text


def _note(call: ast.Call, file: File) -> Edit:
    given = keyword(call, "help")
    if given is None:
        return add_argument(file, call, f'help="{_NOTE}"')
    end, text = file.source.span(given.value)[1], file.text(given.value)
    at = end - (3 if text.endswith(('"""', "'''")) else 1)  # before the quotes that close the text
    return Edit(at, at, f" ({_NOTE})".encode())


def _warnings(idle: list[tuple[ast.Call, str]], file: File) -> list[Edit]:
    """A warning for each option after each statement that parses the options of its parser in the same function."""
    edits: list[Edit] = []
    module = bound_as(file, "warnings") or "warnings"
    for parsing in file.index.calls:
        statement, parser = file.parent(parsing), getattr(parsing.func, "value", None)
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if getattr(parsing.func, "attr", "") != "parse_args" or not isinstance(target, ast.Name) or parser is None:
            continue
        same = [name for call, name in idle if _receiver(call, file) == (file.text(parser), _function(parsing, file))]
        if same and isinstance(statement, ast.Assign) and not shares_line(file, statement):
            lines = [line for name in same for line in _warning(target.id, name, file.text(parser), module)]
            edits.append(insert_block_after(file, statement, "\n".join(lines)))
    return [*edits, *ensure_import(file, "import warnings")] if edits and module == "warnings" else edits


def _warning(args: str, name: str, parser: str, module: str) -> list[str]:
    return [
        f'if {args}.{name} != {parser}.get_default("{name}"):',
        f'    {module}.warn("--{name} has {_NOTE}")',
    ]


def _receiver(call: ast.Call, file: File) -> tuple[str, ast.AST | None]:
    parser = getattr(call.func, "value", None)
    return (file.text(parser) if parser is not None else "", _function(call, file))


def _function(node: ast.AST, file: File) -> ast.AST | None:
    return next((a for a in file.ancestors(node) if isinstance(a, (ast.FunctionDef, ast.AsyncFunctionDef))), None)
