"""`torch.hpu`: switches of the real device. They keep their value; what they would change is not emulated."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from migrator.emulator.profile import current

__all__ = [
    "disable_const_section_serialization",
    "disable_dynamic_shape",
    "disable_inference_mode",
    "disable_matmul3d_2d_reshape",
    "disable_optim_output_sif",
    "disable_quantization",
    "enable_const_section_serialization",
    "enable_dynamic_shape",
    "enable_inference_mode",
    "enable_matmul3d_2d_reshape",
    "enable_optim_output_sif",
    "enable_quantization",
    "enable_recompute_sdp",
    "getDeterministic",
    "get_dynamic_shape_status",
    "get_sync_debug_mode",
    "recompute_sdp_enabled",
    "sdp_kernel",
    "setDeterministic",
    "set_sync_debug_mode",
]

_SYNC_DEBUG = "PT_ENABLE_HABANA_STREAMASYNC"
_switches = {"deterministic": False, "recompute attention": True}


def set_sync_debug_mode(debug_mode: Any) -> None:
    """The bridge puts it into the environment, and so does this."""
    os.environ[_SYNC_DEBUG] = str(debug_mode)


def get_sync_debug_mode() -> int:
    """What was set last. Raises `KeyError` when nothing was."""
    return int(os.environ[_SYNC_DEBUG])


def setDeterministic(val: bool) -> None:  # noqa: N802 - the bridge's name
    """Deprecated in favour of `torch.use_deterministic_algorithms`."""
    _warn_deprecated("setDeterministic", "use_deterministic_algorithms")
    _switches["deterministic"] = bool(val)


def getDeterministic() -> bool:  # noqa: N802 - the bridge's name
    """Deprecated in favour of `torch.are_deterministic_algorithms_enabled`."""
    _warn_deprecated("getDeterministic", "are_deterministic_algorithms_enabled")
    return _switches["deterministic"]


def _warn_deprecated(name: str, instead: str) -> None:
    warnings.warn(f"torch.hpu.{name} is deprecated. Please use torch.{instead} instead.", stacklevel=3)


def enable_dynamic_shape() -> None:
    """Let the device refine graphs for changing shapes."""
    _switches["dynamic shapes"] = True


def disable_dynamic_shape() -> None:
    """Compile each new shape anew."""
    _switches["dynamic shapes"] = False


def get_dynamic_shape_status() -> bool:
    """The last call of the two above; before any, what the release's variable says."""
    asked = os.environ.get(current().release.env.get("dynamic_shapes", ""), "0")
    return _switches.get("dynamic shapes", asked.lower() in ("1", "true"))


def enable_recompute_sdp(enabled: bool) -> None:
    """Whether fused attention recomputes in backward."""
    _switches["recompute attention"] = bool(enabled)


def recompute_sdp_enabled() -> bool:
    """The last choice, at first yes."""
    return _switches["recompute attention"]


@contextmanager
def sdp_kernel(enable_recompute: bool = True) -> Iterator[dict[str, Any]]:
    """The same choice for the lines of a `with`."""
    before = recompute_sdp_enabled()
    enable_recompute_sdp(enable_recompute)
    try:
        yield {}
    finally:
        enable_recompute_sdp(before)


def enable_const_section_serialization(path: Any, clear_path: bool, use_compression: bool) -> None:
    """Constants of graphs would go to files in `path`; there are no graphs."""


def _no_effect() -> None:
    """A hint to the graph compiler; there is none."""


disable_const_section_serialization = _no_effect
enable_inference_mode = disable_inference_mode = _no_effect
enable_matmul3d_2d_reshape = disable_matmul3d_2d_reshape = _no_effect
enable_optim_output_sif = disable_optim_output_sif = _no_effect
enable_quantization = disable_quantization = _no_effect
