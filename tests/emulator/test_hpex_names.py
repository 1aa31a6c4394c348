"""Names of hpex: what is there, what is not, and what is said of it."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from habana_frameworks.torch.hpex import kernels, optimizers
from migrator.emulator.names.not_emulated import NotEmulatedError
from tests.emulator.processes import run

HPEX = "habana_frameworks.torch.hpex"
EXPORTED = {
    "optimizers": "Adam FusedAdagrad FusedAdamW FusedLamb FusedLars FusedResourceApplyMomentum FusedSGD",
    "optimizers.distributed": "FusedAdamW",
    "normalization": "FusedClipNorm FusedRMSNorm RmsNormBwdMode",
    "movingavrg": "FusedEMA",
    "kernels": "CTCLoss CustomSoftmax FusedSDPA PySDPA PySDPAHinted RotaryPosEmbeddingHelperV1 "
    "RotaryPosEmbeddingHelperV2 RotaryPosEmbeddingHelperV3 RotaryPosEmbeddingMode apply_rotary_pos_emb",
}
OLD = f"""
import {HPEX}.hmp as hmp
from {HPEX} import kernels, optimizers
for module, name in ((kernels, "FusedSDPA"), (optimizers, "FusedLars"), (optimizers, "FusedLamb"), (hmp, "convert")):
    try:
        print(name, callable(getattr(module, name)))
    except AttributeError as error:
        print(error)
"""


@pytest.mark.parametrize("module", list(EXPORTED))
def test_every_module_has_gaudis_names(module: str) -> None:
    loaded = importlib.import_module(f"{HPEX}.{module}")

    assert loaded.__all__ == EXPORTED[module].split()
    assert all(hasattr(loaded, name) for name in loaded.__all__)
    with pytest.raises(NotEmulatedError, match=rf"{HPEX}.{module}.Nothing is not emulated"):
        _ = loaded.Nothing


@pytest.mark.parametrize(
    ("module", "name", "reason"),
    [
        (optimizers, "AdamW", "use FusedAdamW"),
        (optimizers, "SparseSGD", "not public"),
        (optimizers, "SparseAdagrad", "not public"),
        (kernels, "Fp8Ops", "float8"),
        (kernels, "fp8_fused_sdpa", "float8"),
        (kernels, "EmbeddingBag", "not public"),
        (kernels, "CustomNms", "is not emulated"),
    ],
)
def test_what_is_not_emulated_says_why(module: Any, name: str, reason: str) -> None:
    with pytest.raises(NotEmulatedError, match=f"{name}.*{reason}"):
        getattr(module, name)


def test_modules_that_cannot_be_imported_say_why() -> None:
    with pytest.raises(ImportError, match="float8"):
        importlib.import_module(f"{HPEX}.experimental.transformer_engine")
    with pytest.raises(ModuleNotFoundError, match=r"hmp.*no longer there after release 1\.12"):
        importlib.import_module(f"{HPEX}.hmp")


def test_an_old_release_has_its_own_names() -> None:
    done = run(OLD, lazy="1", MIGRATE_HPU_RELEASE="1.6")

    assert done.stdout.splitlines() == [
        f"{HPEX}.kernels.FusedSDPA came with release 1.11; this is 1.6",
        f"{HPEX}.optimizers.FusedLars came with release 1.7; this is 1.6",
        "FusedLamb True",
        "convert True",
    ]
