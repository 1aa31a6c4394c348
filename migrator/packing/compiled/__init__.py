"""The two loops of packing that go over every token, as machine code, where a C compiler was there to make it.

Without it numpy does the same; it takes longer (docs/packing.md). Both let other threads run meanwhile.
"""

from __future__ import annotations

from types import ModuleType

loops: ModuleType | None
try:
    from migrator.packing.compiled import _loops as loops
except ImportError:
    loops = None
