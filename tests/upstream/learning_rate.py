"""The learning rate of nvidia-bert's pre-training."""

from __future__ import annotations


def warm_up_and_decay(step: int, *, rate: float, warmup: float, steps: int) -> float:
    """The learning rate of a step, counted from 1: linear to `rate` over the share `warmup`, then by a square root."""
    progress = step / steps
    return rate * (progress / warmup if progress < warmup else (1 - progress) ** 0.5)
