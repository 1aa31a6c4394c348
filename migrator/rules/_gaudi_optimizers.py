"""Optimizers that have a fused form on Gaudi: their arguments, and what has to hold for both to take the same step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from migrator.core.added_file import module_path
from migrator.core.file import File
from migrator.rules._added_module import beside
from migrator.rules._apex_fused import OWN_ADAM

MODULE = "habana_frameworks.torch.hpex.optimizers"
_BIAS_SINCE = (1, 18)  # the oldest bridge whose FusedAdamW is public; checkpoints of older ones say correct_bias


@dataclass(frozen=True)
class Fused:
    """A class and what takes its place. All names are of the old one's parameters; `renamed` has those that change."""

    name: str
    positional: tuple[str, ...]  # after params
    defaults: Mapping[str, str]  # the old ones, written out
    required: Mapping[str, bool | float] = field(default_factory=dict)  # else the new one does something else
    implementation: frozenset[str] = frozenset()  # arguments that change nothing here, and go
    renamed: Mapping[str, str] = field(default_factory=dict)
    wide: bool = False  # the old one computes in float32 whatever the parameters are
    zero_is_none: str = ""  # the argument for which 0 has to become None
    bare_zero_grad: bool = False  # the new one's zero_grad() takes no argument
    since: tuple[int, ...] = ()  # the release from which the new one's arguments are known


_HOW = frozenset({"foreach", "fused", "capturable", "differentiable"})
ADAMW = Fused(
    "FusedAdamW",
    ("lr", "betas", "eps", "weight_decay", "amsgrad"),
    {"lr": "1e-3", "betas": "(0.9, 0.999)", "eps": "1e-8", "weight_decay": "1e-2"},
    {"amsgrad": False, "maximize": False},
    _HOW,
)
SGD = Fused(
    "FusedSGD",
    ("lr", "momentum", "dampening", "weight_decay", "nesterov"),
    {"lr": "1e-3", "momentum": "0.0", "dampening": "0.0", "weight_decay": "0.0", "nesterov": "False"},
    # dampening: torch's first step has none, FusedSGD's has
    {"maximize": False, "dampening": 0},
    _HOW,
)
APEX_LAMB = Fused(
    "FusedLamb",
    (
        *("lr", "bias_correction", "betas", "eps", "weight_decay", "amsgrad", "adam_w_mode", "grad_averaging"),
        *("set_grad_none", "max_grad_norm", "use_nvlamb"),
    ),
    {
        "lr": "1e-3",
        "bias_correction": "True",
        "betas": "(0.9, 0.999)",
        "eps": "1e-6",
        "weight_decay": "0.01",
        "adam_w_mode": "True",
        "grad_averaging": "True",
        "set_grad_none": "True",
        "max_grad_norm": "1.0",
        "use_nvlamb": "False",
    },
    {"amsgrad": False, "adam_w_mode": True},  # FusedLamb takes adam_w_mode and does not look at it
    renamed={"use_nvlamb": "use_lamb"},
    wide=True,
    bare_zero_grad=True,
)
_LAMB = replace(APEX_LAMB, zero_is_none="max_grad_norm")
_ADAM = Fused(
    "FusedAdamW",
    OWN_ADAM.positional[1:],
    {"lr": "1e-3", "betas": "(0.9, 0.999)", "eps": "1e-8", "weight_decay": "0.0", "bias_correction": "True"},
    {
        "bias_correction": False,  # with it the two put eps at different places
        "adam_w_mode": True,
        "amsgrad": False,
        "master_weights": False,
        "max_grad_norm": 0,
        "eps_inside_sqrt": False,
        "set_grad_none": True,
    },
    frozenset({"capturable", "correct_step"}),  # the latter is about the bias correction
    wide=True,
    since=_BIAS_SINCE,
)
_TORCH = {
    f"torch.optim.{module}{name}": fused
    for module, name, fused in (
        ("", "AdamW", ADAMW),
        ("adamw.", "AdamW", ADAMW),
        ("", "SGD", SGD),
        ("sgd.", "SGD", SGD),
    )
}
_APEX = dict.fromkeys(("apex.optimizers.FusedLAMB", "apex.optimizers.fused_lamb.FusedLAMB"), APEX_LAMB)


def classes(file: File) -> dict[str, Fused]:
    """The classes by dotted name, with those of the modules that an earlier stage put beside the file."""
    found = {**_TORCH, **_APEX}
    for module, name, fused in (("lamb", "FusedLAMB", _LAMB), ("fused_adam", "FusedAdam", _ADAM)):
        if dotted := _own_module(file, module):
            found[f"{dotted}.{name}"] = fused
    return found


def own_modules(file: File) -> set[str]:
    """The dotted names of these modules."""
    return {dotted for name in ("lamb", "fused_adam") if (dotted := _own_module(file, name))}


def _own_module(file: File, name: str) -> str:
    """How the file imports a module of ours; "" where there is another one, or none."""
    module, sources = beside(file, name), file.context.sources
    return module.dotted if module and (not sources or module_path(file.path, name) in sources) else ""
