"""The names of habana_frameworks that real code uses: each is there in the newest release that has it, or is refused.

Counted over Habana's Model-References (releases 1.6.1, 1.9.0 and 1.23.0) and Hugging Face's optimum-habana. Not
promised, and so refused by name, are media pipelines, compiled extension modules (`_C`) and 8-bit floating point.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from migrator.emulator.names.existence import FACTS, absent
from migrator.emulator.profile import read_profile
from tests.emulator.processes import result

PACKAGE = "habana_frameworks.torch"
# Used three times or more, or by a second spelling of such a name.
USED = [
    "core",
    "core.mark_step",
    "core.hpu_initialize",
    "core.hpu_set_env",
    "core.hpu.wrap_in_hpu_graph",
    "core.hpu.synchronize",
    "core.hpu.ModuleCacher",
    "core.hpu.default_stream",
    "core.hpu.set_device",
    "hpu.wrap_in_hpu_graph",
    "hpu.synchronize",
    "hpu.sdp_kernel",
    "hpu.ModuleCacher",
    "hpu.stream",
    "hpu.Stream",
    "hpu.HPUGraph",
    "hpu.disable_dynamic_shape",
    "hpu.enable_dynamic_shape",
    "hpu.memory_allocated",
    "hpu.memory_stats",
    "hpu.default_stream",
    "hpu.is_available",
    "hpu.set_device",
    "hpu.get_device_name",
    "hpu.device_count",
    "hpu.random.get_rng_state",
    "hpu.random.set_rng_state",
    "hpu.graphs.wrap_in_hpu_graph",
    "hpu.graphs.ModuleCacher",
    "distributed.hccl.initialize_distributed_hpu",
    "utils.distributed_utils.initialize_distributed_hpu",
    "hpex.kernels.FusedSDPA.apply",
    "hpex.kernels.RotaryPosEmbeddingHelperV2.apply",
    "hpex.kernels.RotaryPosEmbeddingHelperV3.apply",
    "hpex.normalization.FusedRMSNorm.apply",
    "hpex.normalization.FusedClipNorm",
    "hpex.movingavrg.FusedEMA",
    "hpex.optimizers.FusedAdamW",
    "hpex.optimizers.FusedSGD",
    "hpex.optimizers.FusedLamb",
    "hpex.optimizers.FusedLars",
    "hpex.optimizers.FusedResourceApplyMomentum",
    "utils.lib_utils.get_include_dir",
    "utils.lib_utils.get_lib_dir",
    "utils.debug._is_enabled_synapse_layout_handling",
    "utils.experimental._get_device_type",
    "utils.experimental.synDeviceType.synDeviceGaudi",
    "utils.experimental.synDeviceType.synDeviceGaudi2",
    "dynamo.compile_backend.experimental.enable_compiled_autograd",
]
# Used less; there all the same.
SELDOM_USED = [
    "core.hccl",
    "core.hpu_inference_initialize",
    "core.hpu_set_inference_env",
    "hpu.current_device",
    "hpu.is_autocast_hpu_enabled",
    "hpu.get_autocast_hpu_dtype",
    "hpu.is_initialized",
    "hpu.wrap_in_hpu_graph_func",
    "hpu.enable_const_section_serialization",
    "hpu.memory.memory_stats",
    "hpu.memory.max_memory_allocated",
    "hpu.memory.reset_peak_memory_stats",
    "hpu.random.manual_seed",
    "hpu.random.manual_seed_all",
    "hpex.kernels.RotaryPosEmbeddingMode.PAIRWISE",
    "hpex.kernels.apply_rotary_pos_emb",
    "hpex.kernels.CTCLoss",
    "utils.debug._enable_fuse_conv_bn_optimization",
    "utils.experimental.hpu.device_count",
    "hpu.random.default_generators",
    "utils.experimental.hpu.is_available",
    "utils.experimental.synDeviceType.synDeviceGaudi3",
]
# In old releases only: the newest one that has them.
OLD = {
    "1.12": ("hpex.hmp", "hpex.hmp.convert", "hpex.hmp.disable_casts"),
    "1.18": (
        "core.get_device_count",
        "utils.debug._enable_weight_permute_pass",
        "utils.library_loader.is_habana_avaialble",
    ),
}
# What is not there: the name, and the part of it that the error has to contain.
REFUSED = {
    "habana_frameworks.mediapipe.fn.ImageDecoder": "habana_frameworks.mediapipe",
    "habana_frameworks.medialoaders": "habana_frameworks.medialoaders",
    "habana_frameworks.torch._hpex_C.fused_lamb_norm": "habana_frameworks.torch._hpex_C",
    "habana_frameworks.torch.gpu_migration": "habana_frameworks.torch.gpu_migration",
    "habana_frameworks.torch.core.quantizer.habana_quantizer": "habana_frameworks.torch.core.quantizer",
    "habana_frameworks.torch.hpu.metric_global": "habana_frameworks.torch.hpu.metric_global",
    "habana_frameworks.torch.hpex.kernels.Fp8Ops.cast_to_fp8_v2": "Fp8Ops",
    "habana_frameworks.torch.hpex.kernels.CustomNms": "CustomNms",
    "habana_frameworks.torch.hpex.experimental.transformer_engine.Linear": "transformer_engine",
    "habana_frameworks.torch.utils.experimental.synDeviceType.synDeviceGreco": "synDeviceGreco",
    "habana_frameworks.torch.utils.profiler._setup_profiler": "habana_frameworks.torch.utils.profiler",
    "habana_frameworks.torch.hpex.hmp.convert": "habana_frameworks.torch.hpex.hmp",
    **{f"{PACKAGE}.{name}": name.rpartition(".")[2] for name in OLD["1.18"]},
}


def resolve(name: str) -> Any:
    """What `name` is, by the imports that its users write: the longest module of it, then attributes of that."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if length == 1 or error.name is None or not module.startswith(error.name):
                raise
            missing = error
            continue
        for part in parts[length:]:
            if part.islower() and not hasattr(found, part) and hasattr(found, "__path__"):
                raise missing
            found = getattr(found, part)
        return found
    raise AssertionError(name)


@pytest.mark.parametrize("name", [*USED, *SELDOM_USED])
def test_names_in_use_are_there(name: str) -> None:
    assert resolve(f"{PACKAGE}.{name}") is not None


@pytest.mark.parametrize(("release", "names"), OLD.items())
def test_old_names_are_there_in_old_releases(release: str, names: tuple[str, ...]) -> None:
    code = (
        "import importlib, json\n"
        "def resolve(module, *names):\n"
        "    found = importlib.import_module(module)\n"
        "    for name in names: found = getattr(found, name)\n"
        "    return found is not None\n"
        f"names = {[f'{PACKAGE}.{name}' for name in names]}\n"
        "print(json.dumps([resolve(n) if n.endswith('hmp') else resolve(*n.rsplit('.', 1)) for n in names]))"
    )

    assert result(code, lazy="1", MIGRATE_HPU_RELEASE=release) == [True] * len(names)


@pytest.mark.parametrize(("name", "said"), REFUSED.items(), ids=list(REFUSED))
def test_other_names_are_refused_by_name(name: str, said: str) -> None:
    with pytest.raises((AttributeError, ImportError), match=said.replace(".", r"\.")):
        resolve(name)


@pytest.mark.parametrize(
    ("release", "lazy", "module", "there", "gone"),
    [
        ("1.6", "1", "hpu", "", "HPUGraph ModuleCacher enable_dynamic_shape sdp_kernel"),
        ("1.7", "1", "hpu", "HPUGraph", "ModuleCacher make_graphed_callables"),
        ("1.8", "1", "hpu", "HPUGraph ModuleCacher", "enable_dynamic_shape"),
        ("1.24", "1", "hpu", "HPUGraph ModuleCacher graph wrap_in_hpu_graph enable_dynamic_shape", ""),
        ("1.24", "0", "hpu", "enable_dynamic_shape", "HPUGraph ModuleCacher graph wrap_in_hpu_graph"),
        ("1.11", "1", "", "", "dynamo"),
        ("1.12", "1", "", "dynamo", ""),
        ("1.13", "0", "dynamo.compile_backend.experimental", "", "enable_compiled_autograd"),
    ],
)
def test_names_come_and_go_with_release_and_mode(release: str, lazy: str, module: str, there: str, gone: str) -> None:
    profile = read_profile({"MIGRATE_HPU_RELEASE": release, "PT_HPU_LAZY_MODE": lazy})

    reasons = absent(f"{PACKAGE}.{module}".removesuffix("."), profile)

    assert set(gone.split()) <= reasons.keys()
    assert not set(there.split()) & reasons.keys()
    assert all(release in reason or "lazy mode only" in reason for reason in reasons.values())


def test_an_early_release_can_be_imported() -> None:
    found = result(
        "import habana_frameworks.torch as ht, json\n"
        "import habana_frameworks.torch.core\n"
        "print(json.dumps([hasattr(ht.hpu, name) for name in ('HPUGraph', 'sdp_kernel', 'stream')]))",
        lazy="1",
        MIGRATE_HPU_RELEASE="1.6",
    )

    assert found == [False, False, True]


def test_every_fact_names_its_source_and_says_something() -> None:
    assert all(fact.source and (fact.since or fact.until or fact.lazy) for fact in FACTS)
    assert json.dumps([fact.names for fact in FACTS if not fact.names]) == "[]"


def test_the_documentation_lists_the_names_in_use() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "emulator-api.md").read_text(encoding="utf-8")
    listed = {each for cell in re.findall(r"`([^`]+)`", text) for each in re.findall(r"\w+", cell)}
    names = (
        name.removesuffix(".apply").split(".")[-1] for name in (*USED, *(n for each in OLD.values() for n in each))
    )
    short = {"V2": "RotaryPosEmbeddingHelperV2", "V3": "RotaryPosEmbeddingHelperV3"}

    assert set(names) - listed - {short[each] for each in short.keys() & listed} == set()
