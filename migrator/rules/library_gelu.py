"""GELU written out by hand -> torch.nn.functional.gelu, which is one operator.

    x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))                          ->  torch.nn.functional.gelu(x)
    0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))
                                                           ->  torch.nn.functional.gelu(x, approximate="tanh")

What counts is the formula, however it is written: factors in any order, powers, constants worked out, names for parts
of it (which go where nothing else reads them). Constants may be rounded, as far as five digits are right: 1.41421 for
the root of 2 changes values by up to 7.4e-7 and gradients by up to 8.4e-7, 0.79788 in the other by 1.5e-6 and 1.8e-6.
Beside that, float32 values and gradients differ by at most 2e-6 for inputs between -8 and 8, by rounding alone. In
bfloat16 the library rounds once, at the end, where the formula rounds each part. Other forms (`sigmoid(1.702 * x)`) are
other functions and stay.

Formulas also stand where torch could not export its own to ONNX. It can since 1.4; comments about that are findings.
Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.gelu.html;
https://github.com/pytorch/pytorch/pull/24475 (ONNX)
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.edit_statements import comments, start_of
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._library_functions import exchanged, matches
from migrator.rules._polynomials import Atom, Monomial, Polynomial

_CLOSE = 1e-5  # 1.41421 and 0.79788 are within it, 1.414 and 0.797 are not
_CUBE = 0.044715
_GELU = frozenset({"torch.nn.functional.gelu"})
_ONNX = "a comment here is about ONNX, to which older torch could not export its gelu"
_EXPORTED = (
    "torch exports it since 1.4, with erf where ONNX has no operator for it: correct the comment if it denies that."
)


@dataclass(frozen=True)
class _Gelu:
    of: Atom
    by_tanh: bool


class LibraryGelu(Rule):
    """The library's GELU takes the place of the formula."""

    name = "library-gelu"
    kind = Kind.MODIFIED
    reason = "One operator in place of several; float32 results differ by up to 2e-6 (a rounded constant: 3e-6)."
    source = "https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.gelu.html"
    needles = (b"erf", b"tanh", b"gelu(")
    nodes = (ast.BinOp, ast.FunctionDef)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A product or sum that is GELU of something, or a function that says why it was not torch's."""
        if isinstance(node, ast.FunctionDef) and _calls_gelu(node, file) and _tells_of_onnx(node, file):
            yield self.finding(file, node, _ONNX, _EXPORTED)
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, (ast.Mult, ast.Add, ast.Div)):
            return
        found = matches(file, node, _gelu, lambda gelu: [gelu.of])
        if found is not None:
            how = ', approximate="tanh"' if found.found.by_tanh else ""
            yield self.fix(exchanged(file, node, "gelu", f"{found.found.of[1]}{how}", found.unneeded))


def _calls_gelu(function: ast.FunctionDef, file: File) -> bool:
    return any(isinstance(node, ast.Call) and bool(file.called(node) & _GELU) for node in ast.walk(function))


def _tells_of_onnx(function: ast.FunctionDef, file: File) -> bool:
    """Whether a comment in a function, or right above it, has the word."""
    source, at = file.source, file.source.line_start(start_of(file, function))
    end = source.line_end(source.span(function)[1])
    while at and source.text[source.line_start(at - 1) : at].lstrip().startswith(b"#"):
        at = source.line_start(at - 1)
    return any(b"ONNX" in comment.upper() for comment in comments(source.text[at:end]))


def _gelu(p: Polynomial) -> _Gelu | None:
    """x / 2 + x / 2 * f, where f is erf or tanh of the right thing."""
    if len(p) != 2 or any(value != 0.5 for value in p.values()):
        return None
    short, long = sorted(p, key=len)
    if len(short) != 1 or len(long) != 2 or short[0][1] != 1 or short[0][0][0] != "leaf":
        return None
    x = short[0][0]
    rest = [each for each in long if each != (x, 1)]
    if len(rest) != 1 or rest[0][1] != 1 or rest[0][0][0] not in ("erf", "tanh"):
        return None
    function, inner = rest[0][0]
    is_right = _is_erfs if function == "erf" else _is_tanhs
    return _Gelu(x, function == "tanh") if is_right(dict(inner), ((x, 1),), ((x, 3),)) else None


def _is_erfs(inner: Polynomial, x: Monomial, _: Monomial) -> bool:
    return set(inner) == {x} and _is_close(inner[x], math.sqrt(0.5))


def _is_tanhs(inner: Polynomial, x: Monomial, cube: Monomial) -> bool:
    if set(inner) != {x, cube}:
        return False
    return _is_close(inner[x], math.sqrt(2 / math.pi)) and _is_close(inner[cube] / inner[x], _CUBE)


def _is_close(value: float, wanted: float) -> bool:
    return math.isclose(value, wanted, rel_tol=_CLOSE)
