"""Why reads of the device that add to a running value cannot wait until the value is used."""

from __future__ import annotations

import ast

from migrator.core.bindings import Parameter
from migrator.core.file import File
from migrator.core.scopes import Scope
from migrator.rules._backend import scope_at
from migrator.rules._deferred_arithmetic import is_same_later
from migrator.rules._deferred_places import branch_of
from migrator.rules._deferred_values import Running, replayed
from migrator.rules._hoisting import loops_around

_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)
_READERS = frozenset(
    {"len", "sum", "min", "max", "sorted", "print", "str", "repr", "list", "tuple", "bool", "any", "all"}
)
_READING_MODULES = ("numpy.", "math.", "statistics.", "torch.tensor", "json.dump")
_NEW = (ast.Constant, ast.List, ast.ListComp, ast.Call, ast.BinOp, ast.UnaryOp, ast.IfExp)


def obstacle(running: Running) -> str:
    """What is in the way; "" where nothing is."""
    file, name = running.file, running.name
    home = running.home
    if home is None or home is not scope_at(file, running.loop):
        return f"{name} is not a variable of this function alone"
    if any(_code_around(use, file) is not home.node for use in running.others):
        return f"another function uses {name}"
    if not all(_is_plain_use(use, file) for use in running.others):
        return f"{name} is bound in another way as well"
    if len({replayed(added, file, "value") for added in running.added}) > 1:
        return f"{name} is added to in different ways"
    if not all(is_same_later(added, running) for added in running.added):
        return "what stands beside the read may change from step to step"
    return _of_uses(running, home)


def _of_uses(running: Running, home: Scope) -> str:
    """What is in the way of the other uses."""
    name = running.name
    reads = [use for use in running.others if _reads(use, running.file)]
    if not reads:
        return f"nothing reads {name}, so that nothing says when"
    if any(_is_each_step(use, running) for use in running.others):
        return f"{name} is used in every step"
    if any(_is_in_head_or_else(use, running) for use in running.others):
        return f"{name} is used in the test or the else of a loop"
    if _is_interrupted(running):
        return f"{name} is used where an exception of the loop may lead"
    is_given = running.is_list and any(isinstance(bound, Parameter) for bound in home.bindings[name])
    if is_given or (not running.keeps_last and any(_shares(use, running) for use in running.others)):
        return f"{name} may have another name as well"
    return ""


def _reads(use: ast.Name, file: File) -> bool:
    return isinstance(use.ctx, ast.Load) or isinstance(file.statement(use), ast.AugAssign)


def _is_each_step(use: ast.Name, running: Running) -> bool:
    """Whether the loop uses the variable in every step."""
    above = list(running.file.ancestors(use))
    in_body = any(statement in above for statement in running.loop.body)
    return in_body and branch_of(use, running) is None


def _is_in_head_or_else(use: ast.Name, running: Running) -> bool:
    """Whether a use stands where no statement can come between it and the loop: `while total < 1:`."""
    above = {use, *running.file.ancestors(use)}
    around = loops_around(running.added[0].statement, running.file)
    tests = [loop.test for loop in around if isinstance(loop, ast.While)]
    return any(part in above for part in (*tests, *(statement for loop in around for statement in loop.orelse)))


def _is_interrupted(running: Running) -> bool:
    """Whether something uses the variable outside a `try` around the loop that may leave the loop early."""
    for above in running.file.ancestors(running.loop):
        if isinstance(above, _CODE):
            return False
        if isinstance(above, ast.Try) and (above.handlers or above.finalbody):
            inside = {node for statement in above.body for node in ast.walk(statement)}
            if any(use not in inside and use.lineno > above.lineno for use in running.others):
                return True
    return False


def _shares(use: ast.Name, running: Running) -> bool:
    """Whether a use may give the running value a second name, or take it over from one."""
    file, above = running.file, running.file.parent(use)
    if isinstance(use.ctx, ast.Store):
        statement = file.statement(use)
        is_new = isinstance(statement, (ast.Assign, ast.AnnAssign)) and _is_new(use, statement, running)
        return not (is_new or isinstance(statement, ast.AugAssign))
    if not running.is_list or use.lineno > (running.outermost.end_lineno or 0):
        return False
    if isinstance(above, ast.Call) and use in above.args:
        called = file.called(above)
        name = above.func.id if isinstance(above.func, ast.Name) and not called else ""
        return not (name in _READERS or (called and all(n.startswith(_READING_MODULES) for n in called)))
    is_value = isinstance(
        above, (ast.Subscript, ast.FormattedValue, ast.Return, ast.Delete, ast.For, ast.comprehension)
    )
    return not (is_value or isinstance(above, (ast.Attribute, ast.Compare, ast.BoolOp, ast.If, ast.UnaryOp)))


def _is_new(use: ast.Name, statement: ast.Assign | ast.AnnAssign, running: Running) -> bool:
    """Whether what is assigned is a value that nothing else has: `0.0`, `[]`, an element of `0, 0.0`."""
    value = statement.value
    target = running.file.parent(use)
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        value = value.elts[target.elts.index(use)]
    if running.is_list and isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "list"
    return isinstance(value, _NEW)


def _code_around(node: ast.AST, file: File) -> ast.AST:
    """The function, class or module that a name stands in; comprehensions are run where they stand."""
    return next(above for above in file.ancestors(node) if isinstance(above, _CODE))


def _is_plain_use(use: ast.Name, file: File) -> bool:
    """Whether a name is read, or assigned or deleted by a statement for that."""
    is_target = isinstance(file.statement(use), (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete))
    in_named = any(isinstance(above, ast.NamedExpr) and above.target is use for above in file.ancestors(use))
    return isinstance(use.ctx, ast.Load) or (is_target and not in_named)
