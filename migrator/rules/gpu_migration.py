"""Gaudi's own GPU migration, started by the script: CUDA names stay as they are and are answered while it runs.

    import torch        ->    import habana_frameworks.torch.gpu_migration               releases 1.9 to 1.16
                              import habana_frameworks.torch.core as htcore
                              import torch

    import torch        ->    import os                                                  release 1.17 and newer
                              os.environ.setdefault("PT_HPU_GPU_MIGRATION", "1")
                              os.environ.setdefault("PT_HPU_CONVERT_FP16_TO_BF16_FOR_MIGRATION", "1")
                              import habana_frameworks.torch.core as htcore
                              import torch

For the style gpu-migration, in scripts (`if __name__ == "__main__"`) that import torch; a script that reaches torch
through modules of its own only is to be run with PT_HPU_GPU_MIGRATION=1. All of it stands before anything else is
imported, since `from torch import x` binds what is there at that time. The backend reads the variable while it is
loaded; `import torch` alone loads it from 1.18 on, but not in lazy mode. The toolkit switches loss scalers off, so
float16 has to become bfloat16, from 1.15 on by a variable; `setdefault` leaves the last word to the user. A layer
names this rule after execution-mode, whose variable comes first, and before one with step-mark, which uses the import.
Source: docs.habana.ai GPU Migration Toolkit; HabanaAI/Model-References 1.9.0 and 1.17.0,
PyTorch/examples/gpu_migration/README.md; HabanaAI/gaudi-pytorch-bridge 1.19.0
python_packages/habana_frameworks/torch/__init__.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_imports import bound_as, has_import
from migrator.core.edit_statements import insert_before, starts_line
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Style, Target
from migrator.rules._backend import IMPORT as BACKEND
from migrator.rules._entry_point import names_text, place_before_torch, set_defaults

TOOLKIT = "import habana_frameworks.torch.gpu_migration"
_NOTE = "noqa: F401  answers CUDA's names on Gaudi; before torch"
_VARIABLES = ("gpu_migration", "fp16_to_bf16")  # their meanings in the table of releases
_CORE = "habana_frameworks.torch.core"
_PLAIN = (f"import {_CORE}", "import habana_frameworks.torch")


class GpuMigration(Rule):
    """Starts the GPU Migration Toolkit before torch is imported."""

    name = "gpu-migration"
    kind = Kind.MODIFIED
    reason = "Gaudi's GPU migration answers calls of CUDA while the script runs, if it is there before torch is used."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/GPU_Migration_Toolkit/GPU_Migration_Toolkit.html"
    needles = (b"__main__",)
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Only where CUDA's names are to stay."""
        return target.style is Style.GPU_MIGRATION

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """The module: first the variables, then, below what other rules have set, the imports."""
        place = place_before_torch(file)
        if place is None:
            return
        known = file.target.release.env
        unset = [known[name] for name in _VARIABLES if name in known and not names_text(file, known[name])]
        if unset:
            yield self.fix(set_defaults(file, place, [(name, "1") for name in unset]))
        elif lines := _imports(file, place):
            yield self.fix([insert_before(file, place, line) for line in lines])


def _imports(file: File, place: ast.stmt) -> list[str]:
    """The imports that the script lacks: the toolkit's where no variable starts it, and the backend's."""
    lines: list[str] = []
    if "gpu_migration" not in file.target.release.env and not has_import(file, TOOLKIT):
        lines.append(f"{TOOLKIT}  # {_NOTE}" if starts_line(file, place) else TOOLKIT)
    if not file.target.autoloads and not _loads_backend(file):
        lines.append(BACKEND)
    return lines


def _loads_backend(file: File) -> bool:
    return bool(bound_as(file, _CORE)) or any(has_import(file, statement) for statement in _PLAIN)
