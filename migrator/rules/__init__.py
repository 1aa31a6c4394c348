"""The rules: one small file each, found by looking into this folder, never registered by hand."""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module
from pkgutil import ModuleInfo, iter_modules

from migrator.core.rule import Rule


@cache
def rule_names() -> frozenset[str]:
    """The names of all rules, from their files; imports none of them."""
    return frozenset(info.name.replace("_", "-") for info in _modules())


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by name. Each module of this package that is not private defines exactly one."""
    rules: dict[str, Rule] = {}
    for info in _modules():
        module = import_module(f"{__name__}.{info.name}")
        own = [
            kind
            for _, kind in inspect.getmembers(module, inspect.isclass)
            # the module first: on Python 3.10 an alias such as Callable[[], int] counts as a class
            if kind.__module__ == module.__name__ and issubclass(kind, Rule) and not inspect.isabstract(kind)
        ]
        if len(own) != 1:
            raise RuntimeError(f"{module.__name__} defines {len(own)} rules; a rule is one file")
        rule = own[0]()
        if rule.name != info.name.replace("_", "-"):
            raise RuntimeError(f"{module.__name__} names its rule {rule.name!r}; a rule is named after its file")
        rules[rule.name] = rule
    return rules


def _modules() -> list[ModuleInfo]:
    return [info for info in iter_modules(__path__) if not info.name.startswith("_") and not info.ispkg]
