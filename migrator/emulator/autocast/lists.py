"""Which operators `torch.autocast("hpu")` casts, and how."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from migrator.emulator.operators.schema import Operator, read_operator
from migrator.emulator.profile import current
from migrator.emulator.torch_private.eager import has_kernel, operator_names
from migrator.errors import UsageError


class Policy(Enum):
    """What happens to an operator's floating-point arguments."""

    LOWER = "cast to the lower precision"
    LOWER_FIRST = "cast the first one to the lower precision"
    FP32 = "cast to float32"
    PROMOTE = "cast to the widest of them"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# torch registers 127 operators for CPU autocast (aten/src/ATen/autocast_mode.cpp); all but these run in float32.
_CPU_LOWER = _names(
    "_addmm_activation _convolution _native_multi_head_attention addbmm addmm baddbmm bmm conv1d conv2d conv3d "
    "conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d linalg_vecdot linear matmul mkldnn_rnn_layer mm prelu "
    "scaled_dot_product_attention"
)
_CPU_PROMOTE = frozenset({"cat", "index_copy", "stack"})

# The registered operators of docs.habana.ai, PyTorch Mixed Precision, which are those of the public bridge's
# hpu_ops/autocast_helpers.h (release 1.19) too. From there: the norms cast their first argument alone, and casts are
# never kept. Its names iadd and truediv are no operators of torch's dispatcher, and so never called.
GAUDI_LOWER = _names(
    "addmm addbmm batch_norm baddbmm bmm conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d dot "
    "dropout feature_dropout group_norm instance_norm layer_norm leaky_relu linear matmul mean mm mul mv softmax "
    "log_softmax scaled_dot_product_attention"
)
GAUDI_FP32 = _names(
    "acos addcdiv asin atan2 bilinear binary_cross_entropy binary_cross_entropy_with_logits cdist cosh "
    "cosine_embedding_loss cosine_similarity cross_entropy_loss dist div divide embedding embedding_bag erfinv exp "
    "expm1 hinge_embedding_loss huber_loss kl_div l1_loss log log10 log1p log2 logsumexp margin_ranking_loss mse_loss "
    "multi_margin_loss multilabel_margin_loss nll_loss pdist poisson_nll_loss pow reciprocal renorm rsqrt sinh "
    "smooth_l1_loss soft_margin_loss softplus tan topk triplet_margin_loss truediv true_divide"
)
GAUDI_PROMOTE = _names("add addcmul addcdiv cat div exp mul pow sub stack")
_FIRST_ONLY = frozenset({"layer_norm", "group_norm", "instance_norm", "batch_norm"})


def cpu_policies() -> Iterator[tuple[Operator, Policy]]:
    """The operators of CPU autocast, each with CPU autocast's policy."""
    for name in operator_names():
        if name.startswith("aten::") and has_kernel(name, "AutocastCPU"):
            operator = read_operator(name)
            if operator is not None:
                yield operator, _cpu_policy(operator.base.removeprefix("aten::"))


def _cpu_policy(base: str) -> Policy:
    if base in _CPU_LOWER:
        return Policy.LOWER
    return Policy.PROMOTE if base in _CPU_PROMOTE else Policy.FP32


def gaudi_policies() -> Iterator[tuple[Operator, Policy]]:
    """Gaudi's documented defaults, or the lists in the files that its environment variables name."""
    lower = _listed("autocast_lower_precision_ops", GAUDI_LOWER)
    fp32 = _listed("autocast_fp32_ops", GAUDI_FP32)
    for name in operator_names():
        base = name.removeprefix("aten::").partition(".")[0]
        if not name.startswith("aten::") or base not in lower | fp32 | GAUDI_PROMOTE:
            continue
        operator = read_operator(name)
        if operator is not None and _is_functional(operator):
            yield operator, _gaudi_policy(base, lower, fp32)


def _gaudi_policy(base: str, lower: frozenset[str], fp32: frozenset[str]) -> Policy:
    if base in lower:
        return Policy.LOWER_FIRST if base in _FIRST_ONLY else Policy.LOWER
    return Policy.FP32 if base in fp32 else Policy.PROMOTE


def _is_functional(operator: Operator) -> bool:
    return not any(a.written for a in operator.arguments) and any(a.has_tensors for a in operator.arguments)


def _listed(meaning: str, default: frozenset[str]) -> frozenset[str]:
    """The operators in the file, one a line, that the release's variable for `meaning` names; else `default`."""
    variable = current().release.env.get(meaning, "")
    path = os.environ.get(variable)
    if not path:
        return default
    try:
        return frozenset(Path(path).read_text(encoding="utf-8").split())
    except OSError as error:
        raise UsageError(
            f"{variable} is {path!r}, which cannot be read: {error.strerror}",
            hint="name a text file with one operator a line",
        ) from error
