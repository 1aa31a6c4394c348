"""Operators whose results on the emulated device are not those of the CPU, and why; by measure, exactly."""

from __future__ import annotations

SPARSE = "the emulated device has no sparse tensors: they have no storage whose bytes two labels could share"
BY_NAME = "torch chooses by the device's name in which type it accumulates, and knows no hpu"
ZEROS = "a zero gradient on a CPU is a tensor without memory, which the operator refuses; here it has memory"

_SAMPLED = {"sparse.sampled_addmm": SPARSE}
_REDUCED = {"sparse.mm.reduce": SPARSE}
_TO = {"to_sparse": SPARSE}
_CHUNKED = dict.fromkeys(
    ("nn.functional.linear_cross_entropy.chunked", "nn.functional.linear_cross_entropy.chunked_none"), BY_NAME
)

EXCEPTIONS: dict[str, dict[str, str]] = {
    "forward": _SAMPLED | _REDUCED | _TO,
    "backward": _SAMPLED | _REDUCED | _TO,
    "double-backward": _SAMPLED | _TO | {"aminmax": ZEROS},
    "out": _SAMPLED,
    "forward-bf16": _REDUCED | _TO | _CHUNKED,
    "backward-bf16": _REDUCED | _CHUNKED,
    "forward-int64": _TO,
    "forward-complex": _SAMPLED | _TO,
    "backward-complex": _SAMPLED,
}

# The database says that these exist, but none of their samples runs on a CPU.
UNMEASURED: dict[str, dict[str, str]] = {
    "double-backward": {
        "chalf": "torch has no second derivative of its half-precision numbers",
        "nn.functional.ctc_loss": "torch has no second derivative",
    },
    "in-place": {"float_power": "its result is float64, which does not fit into the tensor"},
    "out": {
        "_batch_norm_with_update": "its out= has other names",
        "equal": "it has no out=",
        "histogramdd": "it has no out= in Python",
    },
}
