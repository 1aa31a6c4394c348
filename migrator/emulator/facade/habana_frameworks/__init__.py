"""Emulated: Gaudi's Python package, on a CPU. The names of habana_frameworks as people import them."""

from __future__ import annotations

__all__: list[str] = []


def __autoload() -> None:  # the name that the bridge's entry point has
    """What `import torch` calls (entry point `torch.backends`): load the backend, in the modes that do so."""
    from migrator.emulator.profile import current  # noqa: PLC0415 - torch is half imported at this point

    if current().autoload:
        import habana_frameworks.torch  # noqa: F401, PLC0415 - likewise
