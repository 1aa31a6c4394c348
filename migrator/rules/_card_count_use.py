"""What a number of cards is used for: driving them from this process, or starting a process for each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import Enum

from migrator.core.file import File
from migrator.rules._data_parallel import NAMES

_STARTERS = re.compile(r"(?i)spawn|process(es)?$|popen|subprocess|init_process_group|launch")
_OF_PROCESSES = re.compile(r"(?i)world_?-?size|nprocs?|num_proc|proc(esse)?s?_per|gpus?_?-?per_?-?node|(^|_)rank")
_BATCH = re.compile(r"(?i)batch|(^|_)bs(z)?$")
_SAYS = re.compile(r"(?i)print|debug|info|warn(ing)?|error|critical|log|format|str|repr|write")


class Use(Enum):
    """What one use tells."""

    DRIVES = 1  # this process works with that many cards
    MULTIPLIES = 2  # a batch size is multiplied by it: for one process, or for all
    STARTS = 3  # there is a process for each of them
    SAID = 4  # it is printed, or only asked whether there is any
    UNKNOWN = 5


def use_of(node: ast.expr, file: File) -> Use:
    """What one use, as `_card_count.uses` yields it, tells."""
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return Use.STARTS if _OF_PROCESSES.search(_last(node)) else Use.SAID
    above = file.parent(node)
    if isinstance(above, ast.Compare):
        return _of_test(above, node, file)
    if isinstance(above, (ast.BinOp, ast.AugAssign)) and not _is_formatting(above):
        return _of_arithmetic(node, above, file)
    return _of_place(node, file)


def _of_test(compare: ast.Compare, node: ast.expr, file: File) -> Use:
    """`n > 1` and the like tell by what they decide."""
    others = [n for n in (compare.left, *compare.comparators) if n is not node]
    if len(others) != 1 or not isinstance(others[0], ast.Constant):
        return Use.UNKNOWN
    decided = next((a for a in file.ancestors(compare) if isinstance(a, (ast.If, ast.IfExp))), None)
    inside = list(ast.walk(decided)) if decided is not None else []
    calls = [n for n in inside if isinstance(n, ast.Call)]
    if any(file.called(call) & NAMES or _is_mean(call) for call in calls):
        return Use.DRIVES
    if any(_STARTERS.search(_last(call.func)) for call in calls):
        return Use.STARTS
    return Use.SAID if _asks_for_any(compare, others[0]) else Use.UNKNOWN


def _is_mean(call: ast.Call) -> bool:
    """`loss.mean()`: DataParallel returns one loss a card."""
    return (
        isinstance(call.func, ast.Attribute) and call.func.attr == "mean" and "loss" in _last(call.func.value).lower()
    )


def _asks_for_any(compare: ast.Compare, bound: ast.Constant) -> bool:
    """Whether the test is the same for one card and for eight."""
    return bound.value == 0 or (bound.value == 1 and isinstance(compare.ops[0], (ast.GtE, ast.Lt)))


def _of_arithmetic(node: ast.expr, above: ast.AST, file: File) -> Use:
    """A quotient or a rest is the share of one of several processes; of products, only those of batch sizes tell."""
    whole = _outermost(node, file)
    words = [*_words(whole), *_given_to(whole, file)]
    if any(_OF_PROCESSES.search(word) for word in words):
        return Use.STARTS
    if isinstance(getattr(above, "op", None), ast.Mult):
        return Use.MULTIPLIES if any(_BATCH.search(word) for word in words) else Use.UNKNOWN
    return Use.STARTS if isinstance(above, ast.AugAssign) or getattr(above, "right", None) is node else Use.UNKNOWN


def _is_formatting(node: ast.AST) -> bool:
    """`"%d cards" % n`."""
    is_rest = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
    return is_rest and isinstance(getattr(node, "left", None), (ast.Constant, ast.JoinedStr))


def _outermost(node: ast.AST, file: File) -> ast.AST:
    above = file.parent(node)
    while isinstance(above, (ast.BinOp, ast.UnaryOp)):
        node, above = above, file.parent(above)
    return node


def _given_to(node: ast.AST, file: File) -> Iterator[str]:
    """The names that a value is given: targets and keywords."""
    for above in file.ancestors(node):
        if isinstance(above, ast.keyword) and above.arg:
            yield above.arg
        elif isinstance(above, ast.Assign):
            yield from (_last(target) for target in above.targets)
        elif isinstance(above, (ast.AugAssign, ast.AnnAssign)):
            yield _last(above.target)
        if isinstance(above, ast.stmt):
            return


def _words(node: ast.AST) -> Iterator[str]:
    yield from (_last(n) for n in ast.walk(node) if isinstance(n, (ast.Name, ast.Attribute)))


def _of_place(node: ast.expr, file: File) -> Use:
    """What the calls, loops and texts around a use tell."""
    for above in file.ancestors(node):
        if isinstance(above, ast.FormattedValue) or _is_formatting(above):
            return Use.SAID
        if isinstance(above, ast.keyword) and _OF_PROCESSES.search(above.arg or ""):
            return Use.STARTS
        if isinstance(above, ast.Call) and (found := _of_call(above, file)) is not Use.UNKNOWN:
            return found
        if isinstance(above, ast.stmt):
            loops = isinstance(above, (ast.For, ast.AsyncFor, ast.While))
            return Use.STARTS if loops and any(_STARTERS.search(word) for word in _words(above)) else Use.UNKNOWN
    return Use.UNKNOWN


def _of_call(call: ast.Call, file: File) -> Use:
    name = _last(call.func)
    if file.called(call) & NAMES:
        return Use.DRIVES
    if _STARTERS.search(name) or _names_processes(call):
        return Use.STARTS
    return Use.SAID if _SAYS.fullmatch(name) else Use.UNKNOWN


def _names_processes(call: ast.Call) -> bool:
    """`parser.add_argument("--world-size", ...)`."""
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return _last(call.func) == "add_argument" and any(_OF_PROCESSES.search(text) for text in texts)


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
