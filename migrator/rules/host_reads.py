"""Losses that the host reads in every micro-batch only to add them up are read where they are used, in one copy.

    total = 0.0                           total = 0.0
                                          pending_total = []
    for step, batch in enumerate(data):   for step, batch in enumerate(data):
        loss.backward()                       loss.backward()
        total += loss.item()          ->      pending_total.append(loss.detach())
        if step % 100 == 0:                   if step % 100 == 0:
                                                  for value in read_pending(pending_total):
                                                      total += value
            log(total)                            log(total)

So do `losses.append(loss.item())` and `last = loss.item()`, `float(loss)`, norms and counts. Each read waits until all
work before it has run, and in lazy mode ends the graph. The statement itself is run for each number, in the order in
which they came: what is logged is the same to the last bit. Numbers are read at the head of a branch that uses the
value, so that times taken there still count the device's work, and behind a loop after which something uses it.

Everything else is a finding: a value that is used in every step, has another name as well, or belongs to an object; an
argument such as `writer.add_scalar("loss", loss.item(), step)` outside an interval, since what is logged when is the
user's choice; synchronize() in every step. Loops that only evaluate stay: in lazy mode their reads end the graph.
Copies are of 1024 numbers at most, for the sake of loops that use them at the end of an epoch alone: each number is an
input of the graph that puts them together, which full copies share.
Source: https://docs.habana.ai/en/latest/Profiling/Profiling_with_PyTorch.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from migrator.core.bindings import Opaque
from migrator.core.edits import Edit, Fix
from migrator.core.file import Context, File, SpotMismatchError
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._backend import scope_at
from migrator.rules._deferred_edits import READER, deferred, taken
from migrator.rules._deferred_obstacles import obstacle
from migrator.rules._deferred_values import Running, running_values
from migrator.rules._definition import define
from migrator.rules._reads_in_steps import ADVICE, reads_in_steps, waits_in_steps
from migrator.rules._steps_of_training import training_loops
from migrator.rules._torch import spell

_FUNCTION = '''\
def read_pending(pending):
    """Read the numbers that wait on the device, in their order, up to 1024 in a copy; none are left waiting."""
    parts = [pending[at:at + 1024] for at in range(0, len(pending), 1024)]
    pending.clear()
    return [number for part in parts for number in {torch}.stack(part).flatten().tolist()]
'''


class HostReads(Rule):
    """The host reads what it only logs once an interval."""

    name = "host-reads"
    kind = Kind.MODIFIED
    reason = "Reading a number waits until all work before it has run; these are read in one copy where they are used."
    source = "https://docs.habana.ai/en/latest/Profiling/Profiling_with_PyTorch.html"
    needles = (b".item(", b"float(", b"int(", b".cpu(", b".tolist(", b".numpy(", b"synchronize(")
    nodes = (ast.Module,)

    def concerns(self, data: bytes, context: Context) -> bool:
        """Only files that train."""
        return b".backward(" in data and super().concerns(data, context)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All training loops of the file."""
        loops = list(training_loops(file))
        found = [running for loop in loops for running in running_values(loop, file)]
        why = [obstacle(running) or taken(running) or _reader_taken(running) for running in found]
        movable = [running for running, reason in zip(found, why, strict=True) if not reason]
        for running, reason in zip(found, why, strict=True):
            yield self._left(running, reason) if reason else self._deferred(running, movable)
        told = {file.statement(added.read.node) for running in found for added in running.added}
        for spot, message, advice in (*reads_in_steps(loops, told, file), *waits_in_steps(loops, file)):
            yield self.finding(file, spot, message, advice)

    def _deferred(self, running: Running, movable: Sequence[Running]) -> Fix | Finding:
        try:
            return self.fix([*deferred(running), *_function(movable, running.file)])
        except SpotMismatchError as error:
            return self._left(running, str(error))

    def _left(self, running: Running, why: str) -> Finding:
        message = f"{running.name} waits for the device in every step: {why}"
        return self.finding(running.file, running.added[0].statement, message, ADVICE)


def _function(movable: Sequence[Running], file: File) -> list[Edit]:
    """The function that reads, before all that uses it, unless the file has it already."""
    first = min((running.added[0].statement for running in movable), key=lambda statement: statement.lineno)
    if scope_at(file, first).find(READER) is not None:
        return []
    text, imports = _text(file)
    return [define(file, first, text), *imports]


def _reader_taken(running: Running) -> str:
    """Whether the function's name stands for something else."""
    home = scope_at(running.file, running.loop).find(READER)
    bound = home.bindings[READER] if home is not None else []
    own = bound[0].node if len(bound) == 1 and isinstance(bound[0], Opaque) else None
    is_ours = own is not None and ast.dump(own) == ast.dump(ast.parse(_text(running.file)[0]).body[0])
    return "" if home is None or is_ours else f"{READER} is something else here"


def _text(file: File) -> tuple[str, list[Edit]]:
    torch, imports = spell(file, "torch")
    return _FUNCTION.replace("{torch}", torch), imports
