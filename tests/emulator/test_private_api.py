"""The private names of torch that the emulator rests on, all of them: a new torch is checked against this list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import torch

import migrator.emulator
from migrator.emulator import torch_private

FOLDER = Path(migrator.emulator.__file__).parent
IMPORTED = {
    "torch._C.DispatchKey",
    "torch._C.DispatchKeySet",
    "torch._C.Generator",
    "torch._C.TensorBase",
    "torch._C._ExcludeDispatchKeyGuard",
    "torch._C._acc.DeviceGuard",
    "torch._C._acc.PrivateUse1Hooks",
    "torch._C._acc.create_empty_tensor",
    "torch._C._autograd.DeviceType",
    "torch._C._construct_storage_from_data_pointer",
    "torch._C._dispatch_get_all_op_names",
    "torch._C._dispatch_has_kernel_for_dispatch_key",
    "torch._C._get_privateuse1_backend_name",
    "torch._C._nn.linear",
    "torch.utils.backend_registration._setup_privateuseone_for_python_backend",
}
# Private attributes of public objects: of tensors, storages and operator overloads.
ATTRIBUTES = {"_is_view", "_is_zerotensor", "_op", "_overloadpacket", "_schema", "_untyped_storage"}
OPERATORS = {
    "_conj",
    "_copy_from",
    "_efficientzerotensor",
    "_fused_sdp_choice",
    "_local_scalar_dense",
    "_neg_view",
    "_scaled_dot_product_flash_attention_for_cpu",
    "_to_copy",
}
# Ours: attributes that the emulator itself puts on tensors and storages.
OWN = {"_cpu_alias", "_cpu_storage", "_hpu_pinned", "_hpu_storage"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(FOLDER.rglob("*.py")):
        yield path.name, ast.parse(path.read_text(encoding="utf-8"))


def private_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torch"):
            names = [f"{node.module}.{each.name}" for each in node.names]
            yield from (name for name in names if "._" in name)


def private_attributes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            yield node.attr


def test_one_module_imports_private_names_and_they_are_these() -> None:
    found = {name: set(private_imports(tree)) for name, tree in trees()}

    assert found.pop("torch_private.py") == IMPORTED
    assert {name for name, imports in found.items() if imports} == set()


def test_private_attributes_are_these() -> None:
    declared = ATTRIBUTES | OPERATORS | OWN | {"_getframe"}
    used = {name for _, tree in trees() for name in private_attributes(tree)}

    assert used - declared == set()
    assert (ATTRIBUTES | OWN) - used == set()


def test_they_exist_in_this_torch() -> None:
    tensor, overload = torch.ones(1), torch.ops.aten.add.Tensor

    assert all(hasattr(torch.ops.aten, name) for name in OPERATORS)
    assert all(hasattr(tensor, name) for name in ("_is_view", "_is_zerotensor"))
    assert all(hasattr(overload, name) for name in ("_op", "_overloadpacket", "_schema", "redispatch"))
    assert hasattr(torch.TypedStorage(_internal=True), "_untyped_storage")
    assert all(hasattr(torch_private, name) for name in torch_private.__all__)
