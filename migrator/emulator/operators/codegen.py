"""Writes the Python source of one operator's kernel.

A kernel lowers its arguments to CPU aliases, calls the operator on them and labels the results as hpu. Source written
for the operator's own schema, with its cached aliases read in line, walks over no arguments at run time, which is what
keeps small models near CPU speed. `kernels.py` binds the names in it.
"""

from __future__ import annotations

from migrator.emulator.operators.schema import RESIZED_IN_PLACE, Argument, Operator

# A view in place changes the tensor's sizes or strides, so the cached alias goes.
INPLACE_VIEW_SOURCE = """def kernel(self, *rest, **named):
    call(self, *rest, **named)
    self._cpu_alias = None
    return self
"""


def kernel_source(operator: Operator) -> str:
    """Source of `def kernel(...)` for an operator that is no view."""
    lines = [*_lower_required(operator), *_lower_rest(operator)]
    if operator.host_read:
        lines.append(f"note_host_read({operator.host_read!r})")
    lines += [f"note_masks({a.variable})" for a in operator.required if a.type == "List[Optional[Tensor]]"]
    lines += [f"out = call({_call_arguments(operator)})", *_follow_outputs(operator), _return(operator)]
    return f"def kernel({_parameters(operator)}):\n" + "".join(f"    {line}\n" for line in lines)


def _parameters(operator: Operator) -> str:
    names = [a.variable for a in operator.required]
    if operator.optional:
        names.append("*rest")
    if operator.keywords:
        names.append("**named")
    return ", ".join(names)


def _lower_required(operator: Operator) -> list[str]:
    tensors = [a for a in operator.required if a.is_tensor]
    lines: list[str] = []
    if tensors:
        # A Python number may arrive where the schema has a tensor; it has no alias.
        everything = ", ".join([*(a.variable for a in operator.required), *(["*rest"] if operator.optional else [])])
        lines.append("try:")
        lines += [f"    c{a.variable} = {a.variable}._cpu_alias" for a in tensors]
        lines.append("except AttributeError:")
        lines.append(f"    return numbers(({everything},), {'named' if operator.keywords else '{}'})")
    for index, argument in enumerate(tensors):
        how = _placement(argument, first=index == 0)
        lines.append(f"if c{argument.variable} is None: c{argument.variable} = {how}({argument.variable})")
    lines += [
        f"c{a.variable} = lower({a.variable})" if "List" not in a.type else f"c{a.variable} = lower_list({a.variable})"
        for a in operator.required
        if a.is_lowered and not a.is_tensor
    ]
    return lines


def _placement(argument: Argument, *, first: bool) -> str:
    if argument.written:
        return "written"
    return "first_operand" if first else "operand"


def _lower_rest(operator: Operator) -> list[str]:
    lines = []
    if any(a.is_lowered for a in operator.optional):
        lines.append("crest = [lower(each) for each in rest]")
    if any(a.is_lowered for a in operator.keywords):
        lines.append("cnamed = {name: lower(each) for name, each in named.items()}")
        lines += [f"cnamed[{a.name!r}] = lower_written(named[{a.name!r}])" for a in operator.keywords if a.written]
    if any(a.name == "pin_memory" for a in operator.keywords):
        lines.append("cnamed.pop('pin_memory', None)")
    return lines


def _call_arguments(operator: Operator) -> str:
    names = [f"c{a.variable}" if a.is_lowered else a.variable for a in operator.required]
    if operator.optional:
        names.append("*crest" if any(a.is_lowered for a in operator.optional) else "*rest")
    if operator.keywords:
        names.append("**cnamed" if any(a.is_lowered for a in operator.keywords) else "**named")
    return ", ".join(names)


def _follow_outputs(operator: Operator) -> list[str]:
    lines = ["follow_alias(a0, ca0)"] if operator.base in RESIZED_IN_PLACE else []
    for argument in operator.keywords:
        if not argument.written:
            continue
        given, lowered = f"named[{argument.name!r}]", f"cnamed[{argument.name!r}]"
        if "List" in argument.type:
            lines.append(f"for each, low in zip({given}, {lowered}): follow_alias(each, low)")
        else:
            lines.append(f"follow_alias({given}, {lowered})")
    return lines


def _return(operator: Operator) -> str:
    returns = operator.overload._schema.returns
    if not returns:
        return "return None"
    if len(returns) == 1:
        return f"return {_returned(operator, 0, 'out')}"
    return f"return ({', '.join(_returned(operator, i, f'out[{i}]') for i in range(len(returns)))})"


def _returned(operator: Operator, index: int, value: str) -> str:
    argument = operator.returned_argument(index)
    if argument is not None:
        return f"named[{argument.name!r}]" if argument.keyword_only else argument.variable
    kind = str(operator.overload._schema.returns[index].type)
    if kind in ("Tensor", "Optional[Tensor]"):
        return f"as_hpu({value})"
    return f"[as_hpu(each) for each in {value}]" if "Tensor" in kind else value
