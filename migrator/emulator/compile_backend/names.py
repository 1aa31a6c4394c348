"""What the backend is called."""

from __future__ import annotations

from migrator.emulator.profile import current

# Releases 1.12 to 1.15 have one for training and one for inference (HabanaAI/Model-References 1.12.0 to 1.15.0).
_OLD_NAMES = ("aot_hpu_training_backend", "aot_hpu_inference_backend")


def backend_names() -> tuple[str, ...]:
    """The names of this process's release: one, two in old releases, none before torch.compile."""
    release = current().release
    old = _OLD_NAMES if (1, 12) <= release.version <= (1, 15) else ()
    return (*old, *(name for name in (release.compile_backend,) if name and name not in old))
