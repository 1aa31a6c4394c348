"""Whether Gaudi's own software is installed, which the emulated one must never hide."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from migrator.errors import UsageError

FACADE = Path(__file__).resolve().parents[1] / "facade"
_MARK = "emulated_hpu.dist-info"  # beside every copy of the emulated package, also of another migrator's
FORCE = "MIGRATE_HPU_FORCE"


def find_real_installation(path: Iterable[str]) -> Path | None:
    """The first habana_frameworks in the folders of `path` (a `sys.path`) that is not the emulated one."""
    for entry in path:
        package = Path(entry or ".", "habana_frameworks")
        if package.is_dir() and not package.resolve().with_name(_MARK).is_dir():
            return package
    return None


def refuse_to_hide(path: Iterable[str]) -> None:
    """Raise `UsageError` when `path` has a real installation, unless MIGRATE_HPU_FORCE=1."""
    real = find_real_installation(path)
    if real is not None and os.environ.get(FORCE) != "1":
        raise UsageError(
            f"Gaudi's own software is installed at {real}: the emulated hpu device will not hide it",
            hint=f"run on the device, or set {FORCE}=1 (migrate run --force) to emulate all the same",
        )
