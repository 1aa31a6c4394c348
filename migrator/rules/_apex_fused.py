"""apex's fused optimizers: their arguments, and what has the same ones elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_MODULE = "fused_adam"  # patches/shared/fused_adam.py


@dataclass(frozen=True)
class Fused:
    """One optimizer of apex and what takes its place. All names are of its parameters."""

    new: str
    positional: tuple[str, ...]
    shared: int  # so many of them the new one has at the same positions
    required: Mapping[str, bool | float]  # values without which the new one does something else
    implementation: frozenset[str]  # arguments that say how, not what
    defaults: Mapping[str, str] = field(default_factory=dict)  # where the new one's differ
    module: str = ""  # where it is not torch's


ADAM = Fused(
    "torch.optim.Adam",
    (
        *("params", "lr", "bias_correction", "betas", "eps", "adam_w_mode", "weight_decay", "amsgrad"),
        *("set_grad_none", "capturable", "master_weights"),
    ),
    2,
    {"bias_correction": True, "amsgrad": False, "master_weights": False},
    frozenset({"adam_w_mode", "set_grad_none", "capturable"}),
)
ADAMW = replace(ADAM, new="torch.optim.AdamW", defaults={"weight_decay": "0.0"})
OWN_ADAM = replace(
    ADAM,
    new="FusedAdam",
    module=_MODULE,
    shared=len(ADAM.positional),
    required={"amsgrad": False},
    implementation=frozenset(),
)
# The class of apex 0.1 before October 2019, in apex.contrib since. Its kernel corrects the step, not the moments.
OLD_ADAM = Fused(
    "FusedAdam",
    (
        *("params", "lr", "bias_correction", "betas", "eps", "eps_inside_sqrt", "weight_decay", "max_grad_norm"),
        *("amsgrad", "use_mt", "amp_scale_adjustment"),
    ),
    5,
    {"amsgrad": False, "amp_scale_adjustment": 1.0},
    frozenset({"use_mt"}),
    {"correct_step": "True"},
    _MODULE,
)
OLD_ONLY = frozenset({"eps_inside_sqrt", "max_grad_norm", "use_mt"})
SGD = Fused(
    "torch.optim.SGD",
    (
        *("params", "lr", "momentum", "dampening", "weight_decay", "nesterov"),
        *("wd_after_momentum", "materialize_master_grads", "set_grad_none"),
    ),
    6,
    {"wd_after_momentum": False},
    frozenset({"materialize_master_grads", "set_grad_none"}),
)
ADAGRAD = Fused(
    "torch.optim.Adagrad",
    ("params", "lr", "eps", "weight_decay", "set_grad_none", "adagrad_w_mode"),
    2,
    {"adagrad_w_mode": False},
    frozenset({"set_grad_none"}),
)
CLASSES = {
    f"apex.{package}.{module}{name}": fused
    for package, name, module_name, fused in (
        ("optimizers", "FusedAdam", "fused_adam.", ADAMW),
        ("contrib.optimizers", "FusedAdam", "fused_adam.", OLD_ADAM),
        ("optimizers", "FusedSGD", "fused_sgd.", SGD),
        ("optimizers", "FusedAdagrad", "fused_adagrad.", ADAGRAD),
    )
    for module in ("", module_name)
}
