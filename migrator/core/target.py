"""What the port is made for. Rules ask a `Target`; none of them compares version strings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Chip(str, Enum):
    """Generations of Gaudi."""

    GAUDI = "gaudi"
    GAUDI2 = "gaudi2"
    GAUDI3 = "gaudi3"


class ExecutionMode(str, Enum):
    """How the device executes: graphs gathered lazily, one operator at a time, or torch.compile."""

    LAZY = "lazy"
    EAGER = "eager"
    COMPILE = "compile"


class Style(str, Enum):
    """How the port is written: hpu names, Gaudi's run-time GPU migration, or device-agnostic code."""

    NATIVE = "native"
    GPU_MIGRATION = "gpu-migration"
    AGNOSTIC = "agnostic"


@dataclass(frozen=True)
class Release:
    """Facts about one release of Gaudi's software, read from `migrator/targets.toml`."""

    name: str  # "1.24"
    torch: str  # the PyTorch it ships, "2.10"
    default_mode: ExecutionMode  # what runs when PT_HPU_LAZY_MODE is unset
    modes: tuple[ExecutionMode, ...]  # what it can run at all
    mixed_precision: str  # "autocast" or "hmp"
    compile_backend: str  # "" where there is no torch.compile
    autoload: bool  # `import torch` alone loads the hpu backend
    env: Mapping[str, str]  # meaning -> environment variable, for instance autocast_fp32_ops
    mode_values: Mapping[ExecutionMode, str] = field(default_factory=dict)  # what env["lazy_mode"] says for a mode

    @property
    def version(self) -> tuple[int, ...]:
        """The release as numbers, for ordering: (1, 24)."""
        return tuple(int(part) for part in self.name.split("."))

    @property
    def torch_version(self) -> tuple[int, ...]:
        """The shipped PyTorch as numbers, for ordering: (2, 10)."""
        return tuple(int(part) for part in self.torch.split("."))


@dataclass(frozen=True)
class Target:
    """A release, how it executes, the chip, and the style of the port."""

    release: Release
    mode: ExecutionMode
    chip: Chip
    style: Style = Style.NATIVE

    @property
    def lazy(self) -> bool:
        """Whether step marks mean anything: only lazy mode gathers a graph."""
        return self.mode is ExecutionMode.LAZY

    @property
    def autoloads(self) -> bool:
        """Whether `import torch` alone brings the hpu backend in.

        Not in lazy mode, where the bridge waits for an explicit import unless PT_HPU_AUTOLOAD is set (source:
        HabanaAI/gaudi-pytorch-bridge 1.19.0, habana_frameworks/torch/__init__.py).
        """
        return self.release.autoload and not self.lazy

    @property
    def mode_variable(self) -> tuple[str, str]:
        """The environment variable that chooses the mode, and its value: ("PT_HPU_LAZY_MODE", "1")."""
        return self.release.env["lazy_mode"], self.release.mode_values[self.mode]

    def describe(self) -> str:
        """One line for trailers and messages: `release=1.24 mode=lazy chip=gaudi2 style=native`."""
        return f"release={self.release.name} mode={self.mode.value} chip={self.chip.value} style={self.style.value}"
