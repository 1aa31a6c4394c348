"""LibCST codemods for codemod layers: one a file, and how to find one by name."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING

from migrator.errors import UsageError

if TYPE_CHECKING:
    from libcst.codemod import Codemod


def load_codemod(name: str) -> type[Codemod]:
    """Import `package.module:Class`. The class is code of the recipe's author, never of the upstream."""
    from libcst.codemod import Codemod  # noqa: PLC0415 - LibCST is dear to import and few layers need it

    module_name, _, class_name = name.partition(":")
    try:
        found = getattr(import_module(module_name), class_name)
    except Exception as error:  # the module is code of the recipe's author, which may raise anything
        raise UsageError(
            f"no codemod {name!r}: {type(error).__name__}: {error}",
            hint="write it as package.module:Class, and see that Python can import it",
        ) from error
    if not (inspect.isclass(found) and issubclass(found, Codemod)):
        raise UsageError(f"{name!r} is not a LibCST codemod class", hint="derive it from libcst.codemod.Codemod")
    return found
