"""The API map that travels with the package: whole, consistent, and complete for torch.cuda."""

from __future__ import annotations

import importlib
import pkgutil
import re
import types
import warnings
from pathlib import Path

import pytest

from migrator.api_map_files import load_api_map, read_api_map
from migrator.config import load_releases
from migrator.core.api_map import ApiEntry
from migrator.core.findings import Kind
from migrator.errors import UsageError
from migrator.rules import all_rules

DATA = Path(__file__).parent / "data"
DOCUMENTS = (
    "https://",
    "docs.habana.ai ",
    "HabanaAI/gaudi-pytorch-bridge 1.19.0 ",
    "HabanaAI/Model-References 1.",
)


def entries() -> tuple[ApiEntry, ...]:
    return load_api_map().entries


def test_every_entry_says_what_its_class_needs() -> None:
    for entry in entries():
        assert bool(entry.to) == (entry.kind is Kind.MATCH), entry
        assert entry.kind is Kind.MATCH or entry.reason, entry
        if entry.kind in (Kind.MANUAL, Kind.UNSUPPORTED):
            assert entry.advice, entry


def test_every_source_is_an_address_or_a_named_document() -> None:
    unnamed = {entry.source for entry in entries() if not entry.source.startswith(DOCUMENTS)}

    assert unnamed == set()


def test_the_rule_of_an_entry_exists() -> None:
    assert {entry.rule for entry in entries() if entry.rule} <= all_rules().keys()


def test_a_match_becomes_a_name_that_needs_no_gpu() -> None:
    api = load_api_map()

    assert [entry for entry in entries() if entry.to and api.lookup(entry.to)] == []


def test_texts_are_single_lines() -> None:
    assert [entry for entry in entries() if "\n" in entry.reason + entry.advice + entry.source] == []


@pytest.mark.parametrize(
    ("name", "kind", "to_or_rule"),
    [
        ("torch.cuda.synchronize", Kind.MATCH, "torch.hpu.synchronize"),
        ("torch.cuda.memory.max_memory_allocated", Kind.MATCH, "torch.hpu.max_memory_allocated"),
        ("torch.cuda.reset_max_memory_cached", Kind.MATCH, "torch.hpu.reset_peak_memory_stats"),
        ("torch.cuda.empty_cache", Kind.MISMATCH, "memory-cache"),
        ("torch.cuda.set_device", Kind.MODIFIED, "set-device"),
        ("torch.cuda.IntTensor", Kind.MODIFIED, "tensor-cuda"),
        ("torch.cuda.amp.GradScaler", Kind.MODIFIED, "grad-scaler"),
        ("apex.amp.scale_loss", Kind.MODIFIED, "apex-amp"),
        ("torch.backends.cudnn.benchmark", Kind.MISMATCH, "cudnn-flags"),
        ("torch.cuda.get_device_capability", Kind.MANUAL, ""),
        ("torch.cuda.nvtx.range_push", Kind.MISMATCH, "nvtx"),
        ("apex.multi_tensor_apply.multi_tensor_applier", Kind.MODIFIED, "apex-multi-tensor"),
        ("torch.cuda.nccl.all_reduce", Kind.UNSUPPORTED, ""),
        ("torch.nn.DataParallel", Kind.MISMATCH, "single-card"),
        ("torch.nn.parallel.replicate", Kind.UNSUPPORTED, ""),
        ("torch.jit.script", Kind.MISMATCH, "torchscript"),
        ("torch.jit.trace", Kind.MANUAL, ""),
    ],
)
def test_what_common_names_become(name: str, kind: Kind, to_or_rule: str) -> None:
    found = load_api_map().lookup(name)

    assert found is not None
    assert (found.kind, found.to or found.rule) == (kind, to_or_rule)


@pytest.mark.parametrize(
    "name",
    [
        "torch.device",
        "torch.autocast",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.distributed.init_process_group",
        "torch.distributed.all_reduce",
        "torch.jit.is_scripting",
        "torch.jit.unused",
        "torch.utils.cpp_extension.CppExtension",
        "numpy.array",
    ],
)
def test_names_of_no_gpu_have_no_entry(name: str) -> None:
    assert load_api_map().lookup(name) is None


def test_every_name_is_found_by_the_scan() -> None:
    needles = load_api_map().needles

    for entry in entries():
        assert any(needle in entry.name.encode() for needle in needles), entry.name
    assert not any(
        needle in b"import torch\nfrom torch import nn\nimport torch.distributed as dist\n" for needle in needles
    )


def test_conditions_hold_for_some_release() -> None:
    api = load_api_map()
    held = {entry.name for release in load_releases().values() for entry in api.at(release).entries}

    assert held == {entry.name for entry in entries()}


def unlisted(names: list[str]) -> list[str]:
    """The names that only the last resort, `torch.cuda.*`, answers for."""
    api = load_api_map()
    found = {name: api.lookup(name) for name in names}
    return [name for name, entry in found.items() if entry is None or entry.name == "torch.cuda.*"]


def test_every_public_name_of_torch_cuda_has_an_entry() -> None:
    names = listed("torch_cuda_names.txt")

    assert len(names) > 200
    assert unlisted(names) == []


def test_every_name_in_use_has_an_entry() -> None:
    names = listed("gpu_names_in_use.txt")

    assert len(names) > 80
    assert unlisted(names) == []


def listed(file: str) -> list[str]:
    """The names in a list, one a line."""
    return [line for line in (DATA / file).read_text("utf-8").splitlines() if not line.startswith("#")]


def test_every_public_name_of_the_installed_torch_cuda_has_an_entry() -> None:
    pytest.importorskip("torch")

    assert unlisted(public_names("torch.cuda")) == []


def public_names(root: str) -> list[str]:
    """What `root` and its public submodules offer, and the submodules."""
    package = importlib.import_module(root)
    modules = [root, *(module.name for module in pkgutil.walk_packages(package.__path__, f"{root}."))]
    names: set[str] = set()
    for module in modules:
        if not re.search(r"\._", module):
            names |= {module} | {f"{module}.{name}" for name in offered(importlib.import_module(module), root)}
    return sorted(names - {root})


def offered(module: types.ModuleType, root: str) -> set[str]:
    """The names of `__all__`, and what the module has of `root`'s own besides."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    own = {name for name, value in values.items() if str(getattr(value, "__module__", "")).startswith(root)}
    named = own | set(getattr(module, "__all__", ()))
    return {name for name in named if not isinstance(values.get(name), types.ModuleType)}


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no API map"):
        read_api_map(tmp_path)


def test_a_name_in_two_files_is_an_error(tmp_path: Path) -> None:
    text = '[[api]]\nname = "torch.cuda.init"\nclass = "match"\nto = "torch.hpu.init"\nsource = "https://x"\n'
    (tmp_path / "one.toml").write_text(text)
    (tmp_path / "two.toml").write_text(text)

    with pytest.raises(UsageError, match=r"'torch\.cuda\.init' twice"):
        read_api_map(tmp_path)
