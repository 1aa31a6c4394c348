"""Which names of habana_frameworks a release and a mode have, and where that is known from.

Only names that came, went or belong to one mode stand here; all others are in every release. A name whose last release
is not known ends at 1.18: the source of the bridge's 1.19.0 is the first that can be read, and does not have it.
"MR" is HabanaAI/Model-References, "bridge" HabanaAI/gaudi-pytorch-bridge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from migrator.emulator.names.not_emulated import LAZY_ONLY, missing
from migrator.emulator.profile import Profile, current

_PACKAGE = "habana_frameworks.torch."


@dataclass(frozen=True)
class Fact:
    """Names of one module (without `habana_frameworks.torch.`), and the releases and the mode that have them."""

    module: str
    names: tuple[str, ...]
    source: str
    since: str = ""
    until: str = ""
    lazy: bool = False


_GRAPHS = "MR 1.7.0 changelog; bridge 1.19.0 hpu/__init__.py: graph names are imported in lazy mode only"
_TRAINED = "docs.habana.ai Release Notes 1.8.0; bridge 1.19.0 hpu/__init__.py: in lazy mode only"
_BRIDGE = "no longer in bridge 1.19.0"

FACTS = (
    Fact("hpu", ("HPUGraph", "graph", "wrap_in_hpu_graph", "wrap_in_hpu_graph_func"), _GRAPHS, "1.7", lazy=True),
    Fact("hpu", ("ModuleCacher", "make_graphed_callables"), _TRAINED, "1.8", lazy=True),
    Fact("hpu", ("CachedParams", "is_current_stream_capturing"), "bridge 1.19.0 hpu/__init__.py", "1.7", lazy=True),
    Fact("hpu", ("enable_dynamic_shape", "disable_dynamic_shape"), "MR 1.9.0 changelog", "1.9"),
    Fact("hpu", ("sdp_kernel",), "for FusedSDPA, which MR 1.11.0 uses first", "1.11"),
    Fact("core", ("get_device_count",), f"MR 1.6.1; {_BRIDGE}", until="1.18"),
    Fact("utils.library_loader", ("is_habana_avaialble",), f"MR 1.9.0; {_BRIDGE}", until="1.18"),
    Fact("utils.debug", ("_enable_weight_permute_pass",), f"MR 1.6.1; {_BRIDGE}", until="1.18"),
    Fact("", ("dynamo",), "MR 1.12.0: its first torch.compile", "1.12"),
    Fact("dynamo.compile_backend.experimental", ("enable_compiled_autograd",), "MR 1.14.0", "1.14"),
    Fact("hpex", ("hmp",), "MR 1.6.1 to 1.12.0; removed from MR 1.13.0", until="1.12"),
    Fact("hpex.optimizers", ("FusedLars", "FusedResourceApplyMomentum"), "MR 1.7.0", "1.7"),
    Fact("hpex.kernels", ("FusedSDPA",), "MR 1.11.0", "1.11"),
    Fact("hpex.kernels", tuple(f"RotaryPosEmbeddingHelperV{n}" for n in (1, 2, 3)), "MR 1.11.0", "1.11"),
)


def withhold(namespace: dict[str, Any], **others: str) -> Callable[[str], Any]:
    """Take from a module's `globals()` what this process's release or mode does not have.

    Returns the module's `__getattr__`, whose `AttributeError` names what was asked for and says why it is not there;
    `others` are the reasons for names that are in no release here.
    """
    module = namespace["__name__"]
    reasons = absent(module, current())
    for name in reasons:
        namespace.pop(name, None)
    namespace["__all__"] = [name for name in namespace.get("__all__", ()) if name not in reasons]
    return missing(module, **{**others, **reasons})


def require(module: str) -> None:
    """Raise `ModuleNotFoundError`, at the top of a module, when this process's release or mode does not have it."""
    parent, _, name = module.rpartition(".")
    reason = absent(parent, current()).get(name)
    if reason is not None:
        raise ModuleNotFoundError(f"No module named {module!r}: it {reason}", name=module)


def absent(module: str, profile: Profile) -> dict[str, str]:
    """The names that a profile takes from `module` ("habana_frameworks.torch.hpu"), each with the reason."""
    short = f"{module}.".removeprefix(_PACKAGE).removesuffix(".")
    facts = ((fact, _reason(fact, profile)) for fact in FACTS if fact.module == short)
    return {name: reason for fact, reason in facts if reason for name in fact.names}


def _reason(fact: Fact, profile: Profile) -> str:
    release = profile.release
    if fact.since and release.version < _version(fact.since):
        return f"came with release {fact.since}; this is {release.name}"
    if fact.until and release.version > _version(fact.until):
        return f"is no longer there after release {fact.until}; this is {release.name}"
    return LAZY_ONLY if fact.lazy and not profile.lazy else ""


def _version(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
