"""Emulated habana_frameworks.torch.utils.debug: switches of the graph compiler, of which there is none here.

They are taken and have no effect: none of them changes results. What would print or dump something is not emulated.
"""

from __future__ import annotations

from migrator.emulator.names.existence import withhold

__all__: list[str] = []


def _is_enabled_synapse_layout_handling() -> bool:
    """Whether the device permutes weights by itself: always (bridge 1.19.0)."""
    return True


def _is_enabled_weight_permute_pass() -> bool:
    """Whether the bridge does: never (bridge 1.19.0)."""
    return False


def _switch(flag: bool) -> None:
    """A pass of the graph compiler, on or off."""


_enable_bn_param_recalculation = _switch
_enable_constant_pooling = _switch
_enable_eliminate_common_subexpression = _switch
_enable_eliminate_dead_code = _switch
_enable_fuse_bn_relu_optimization = _switch
_enable_fuse_conv_bn_optimization = _switch
_enable_fuse_t_mm_optimization = _switch
_enable_peephole_optimization = _switch
_enable_permute_pass = _switch
_enable_replace_inplace_ops = _switch
_enable_replace_views = _switch
_enable_weight_permute_pass = _switch

__getattr__ = withhold(globals())
