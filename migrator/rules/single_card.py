"""One process drives one card: no DataParallel, and a number of cards that this process drives is 1.

    n_gpu = torch.cuda.device_count()             ->  n_gpu = 1
    batch_size = args.batch_size * n_gpu              batch_size = args.batch_size * n_gpu
    if n_gpu > 1:                                 ->  (removed)
        model = torch.nn.DataParallel(model)
    torch.save(model.module.state_dict(), path)   ->  torch.save(model.state_dict(), path)

Whether a number of cards is that of this process is decided by its uses in the file: it goes to DataParallel, decides
about it, or multiplies a batch size beside it. A number of processes to start (nprocs, world size), and a rank's rest,
stays the counterpart torch.hpu.device_count(); where the uses do not tell, it stays with a finding. First the numbers
change, while the uses that tell are all there, then the wrapper goes.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Scaling_Guide/DDP_Based_Scaling.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_branches import only_asks
from migrator.core.edit_expressions import replace
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._card_count import is_number, uses
from migrator.rules._card_count_use import Use, use_of
from migrator.rules._data_parallel import NAMES, unwrapped

_COUNTS = frozenset({"torch.cuda.device_count", "torch.hpu.device_count"})
_ONE = "One process drives one card on Gaudi; this is the number of cards that the process works with."
_UNSURE = "it counts the machine's cards; a process on Gaudi drives one of them"
_ADVICE = "Write 1 where it is the number of cards of this process, and leave it where a process is started for each."


class SingleCard(Rule):
    """DataParallel goes, and the number of cards of this process is 1."""

    name = "single-card"
    kind = Kind.MODIFIED
    reason = "One process drives one card on Gaudi; DataParallel would spread a batch over several."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Scaling_Guide/DDP_Based_Scaling.html"
    needles = (b"device_count", b"DataParallel")
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All of the file: the numbers, then the wrapper."""
        counts = [call for call in file.index.calls if file.called(call) and file.called(call) <= _COUNTS]
        purposes = [(call, _purpose(call, file)) for call in counts]
        for call, purpose in purposes:
            if purpose is Use.UNKNOWN:
                yield self.finding(file, call, _UNSURE, _ADVICE)
        own = [call for call, purpose in purposes if purpose is Use.DRIVES]
        if own:
            yield self.fix([replace(file, _as_far_as_one(call, file), "1") for call in own], reason=_ONE)
        else:
            yield self.fix(unwrapped(file))


def _purpose(count: ast.Call, file: File) -> Use:
    """What a number of cards is for, by all its uses: SAID where they are the same for one card and for eight."""
    places = list(uses(count, file))
    found = {use_of(place, file) for place in places}
    if Use.STARTS in found:
        return Use.STARTS
    if Use.MULTIPLIES in found:
        found.add(Use.DRIVES if _is_one_elsewhere(places, file) or _has_wrapper(file) else Use.UNKNOWN)
    return Use.DRIVES if Use.DRIVES in found else Use.UNKNOWN if Use.UNKNOWN in found else Use.SAID


def _as_far_as_one(call: ast.expr, file: File) -> ast.expr:
    """The widest expression that is 1 when the call is: `max(1, n)`, `n if torch.cuda.is_available() else 1`."""
    above = file.parent(call)
    if isinstance(above, ast.IfExp) and only_asks(above.test, file):
        others = [above.body if call is above.orelse else above.orelse]
    elif isinstance(above, ast.Call) and is_number(above, file) and call in above.args:
        others = [argument for argument in above.args if argument is not call]
    else:
        return call
    return _as_far_as_one(above, file) if all(_is_one(other) for other in others) else call


def _has_wrapper(file: File) -> bool:
    return any(file.names(n) & NAMES for n in file.index.nodes if isinstance(n, (ast.Name, ast.Attribute)))


def _is_one_elsewhere(places: list[ast.expr], file: File) -> bool:
    """Whether what the number is given to is 1 on another way, as where a launcher starts the processes."""
    names = {ast.unparse(place) for place in places if isinstance(getattr(place, "ctx", None), ast.Store)}
    ones = (n for n in file.index.nodes if isinstance(n, ast.Assign) and _is_one(n.value))
    return any(ast.unparse(target) in names for statement in ones for target in statement.targets)


def _is_one(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value == 1
