"""Which torch the emulator was tested with: it rests on private names, which change without notice."""

from __future__ import annotations

from migrator.errors import UsageError

TESTED_TORCH = ("2.13.0",)


def check_torch(version: str) -> None:
    """Raise `UsageError` unless `version` (its local part, like `+cpu`, aside) was tested."""
    if version.partition("+")[0] not in TESTED_TORCH:
        tested = ", ".join(TESTED_TORCH)
        raise UsageError(
            f"the emulated hpu device does not work with torch {version}; tested with {tested}",
            hint=f"pip install torch=={TESTED_TORCH[-1]} in an environment of its own, away from a Gaudi image's torch",
        )
