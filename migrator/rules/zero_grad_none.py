"""Gradients are dropped and not zeroed, where torch does not do that by itself: before 2.0.

    optimizer.zero_grad()  ->  optimizer.zero_grad(set_to_none=True)

Zeroing is a kernel for each gradient, and the next backward pass then adds to it; without gradients it writes them. A
parameter that a backward pass leaves out has no gradient then, and the optimizer passes it over where zeros would let
its moments and weight decay go on. For optimizers of torch.optim and Gaudi's, and classes of the repository derived
from torch's; apex's fused ones, FusedLamb and the plain ones beside the script drop gradients anyway. What cannot be
told, a class with a zero_grad of its own, and a file that reads `.grad` without asking whether there is one, are
findings.
Source: https://docs.pytorch.org/docs/1.13/generated/torch.optim.Optimizer.zero_grad.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target

_DEFAULT_SINCE = (2, 0)
_GAUDI = "habana_frameworks.torch.hpex.optimizers."
_TORCH = re.compile(r"torch\.optim\.(?!lr_scheduler)")
_BARE = re.compile(r"^apex\.|\.hpex\.optimizers\.FusedLamb$")  # drop them, and take no argument
_OURS = re.compile(r"^\.?(lamb\.FusedLAMB|fused_adam\.FusedAdam)$")  # drop them, and take it
_OPTIMIZER = re.compile(r"(?i)(^|_)(opt|optim|optimi[sz]er)s?(_|\d|$)")
_OWN = re.compile(rb"def\s+zero_grad\s*\(")
_ASKS = re.compile(rb"\.grad\s+is\s+(not\s+)?None\b")
_BESIDE = frozenset({"lamb.py", "fused_adam.py"})
_ADVICE = "Write set_to_none=True by hand where nothing needs gradients that are zero."


class ZeroGradNone(Rule):
    """zero_grad() says set_to_none=True."""

    name = "zero-grad-none"
    kind = Kind.MODIFIED
    reason = "Gradients that are dropped need no kernel that zeroes them; the next backward pass writes new ones."
    source = "https://docs.pytorch.org/docs/1.13/generated/torch.optim.Optimizer.zero_grad.html"
    needles = (b".zero_grad(",)
    nodes = (ast.Call,)

    def applies(self, target: Target) -> bool:
        """Whether the release's torch zeroes where nothing is said."""
        return target.release.torch_version < _DEFAULT_SINCE

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A call without arguments of an optimizer's zero_grad."""
        if not isinstance(node, ast.Call) or node.args or node.keywords or file.called(node):
            return
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "zero_grad":
            return
        made = file.origins(node.func.value)
        if made and all(_BARE.search(name) or _OURS.search(name) for name in made):
            return
        if not _may_be_optimizer(node.func.value, made, file):
            return
        if against := _obstacle(made, file):
            yield self.finding(file, node, f"zero_grad() zeroes gradients: {against}", _ADVICE)
        else:
            yield self.fix([add_argument(file, node, "set_to_none=True")])


def _may_be_optimizer(receiver: ast.expr, made: frozenset[str], file: File) -> bool:
    if any(_is_known(name) for name in made):
        return True
    return bool(_OPTIMIZER.search(file.text(receiver).rpartition(".")[2]))


def _is_known(name: str) -> bool:
    return bool(_TORCH.match(name) or _OURS.search(name)) or (name.startswith(_GAUDI) and not _BARE.search(name))


def _obstacle(made: frozenset[str], file: File) -> str:
    texts = [text for path, text in file.context.sources.items() if path.rpartition("/")[2] not in _BESIDE]
    if not made or not all(_is_known(name) or _is_of_tree(name, texts) for name in made):
        return "what kind of optimizer it is cannot be told"
    if any(_OWN.search(text) for text in (file.source.text, *texts)):
        return "a class has a zero_grad of its own"
    return "something reads .grad without asking whether there is one" if _reads_gradients(file) else ""


def _is_of_tree(name: str, texts: list[bytes]) -> bool:
    """Whether a class of the repository is an optimizer of torch's kind, in a file that asks whether there are any."""
    defined = re.compile(rb"class\s+" + name.rpartition(".")[2].encode() + rb"\s*\(\s*([\w.]+\.)?Optimizer\s*\)")
    return any(defined.search(text) and _ASKS.search(text) for text in texts)


def _reads_gradients(file: File) -> bool:
    """Whether `.grad` is read where no test around it says that it is there."""
    reads = (n for n in file.index.nodes if isinstance(n, ast.Attribute) and n.attr == "grad")
    return any(isinstance(n.ctx, ast.Load) and not _is_asked(n, file) for n in reads)


def _is_asked(read: ast.Attribute, file: File) -> bool:
    """Whether the read is a test for None, or stands in an `if` or a comprehension with such a test."""
    text = ast.unparse(read)
    for node in (read, *file.ancestors(read)):
        tests = [getattr(node, "test", None), *(t for c in getattr(node, "generators", ()) for t in c.ifs)]
        if any(isinstance(t, ast.expr) and text in ast.unparse(t) and "None" in ast.unparse(t) for t in tests):
            return True
    return False
