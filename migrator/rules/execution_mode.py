"""The execution mode is chosen by the entry point, before anything imports torch.

    import os                            import os
    import torch               ->        os.environ.setdefault("PT_HPU_LAZY_MODE", "1")
                                         import torch

Only in scripts (`if __name__ == "__main__"`), and only where the target's mode is not what its release does anyway:
the bridge reads the variable once, while it is loaded. `setdefault` leaves the last word to the user.
Source: https://docs.habana.ai/en/latest/PyTorch/Reference/Runtime_Flags.html and HabanaAI/gaudi-pytorch-bridge
1.19.0, habana_frameworks/torch/__init__.py (the variable chooses which library is loaded).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._entry_point import names_text, place_before_torch, set_defaults


class ExecutionMode(Rule):
    """Sets the mode's environment variable before torch is imported."""

    name = "execution-mode"
    kind = Kind.MODIFIED
    reason = "The mode is read once, while the backend is loaded, and this release's default is another one."
    source = "https://docs.habana.ai/en/latest/PyTorch/Reference/Runtime_Flags.html"
    needles = (b"__main__",)
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Only where the release would do something else by itself."""
        return target.release.default_mode is not target.mode

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """The module, once."""
        variable, value = file.target.mode_variable
        place = place_before_torch(file)
        if place is not None and not names_text(file, variable):
            yield self.fix(set_defaults(file, place, [(variable, value)]))
