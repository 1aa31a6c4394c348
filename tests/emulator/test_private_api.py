"""The private names of torch that the emulator rests on, all of them: a new torch is checked against this list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import torch

import migrator.emulator
from migrator.emulator.torch_private import eager

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
    "torch._C._distributed_c10d._ProcessGroupWrapper",
    "torch._C._distributed_c10d._create_work_from_future",
    "torch._C._construct_storage_from_data_pointer",
    "torch._C._dispatch_get_all_op_names",
    "torch._C._are_functorch_transforms_active",
    "torch._C._dispatch_has_computed_kernel_for_dispatch_key",
    "torch._C._dispatch_has_kernel_for_dispatch_key",
    "torch._C._get_privateuse1_backend_name",
    "torch._C._nn.linear",
    "torch.jit._builtins._register_builtin",
    "torch.utils._device._device_constructors",
    "torch.utils._python_dispatch.TorchDispatchMode",
    "torch.utils._python_dispatch._disable_current_modes",
    "torch.utils._pytree.tree_flatten",
    "torch.utils._pytree.tree_map_only",
    "torch.utils._pytree.tree_unflatten",
    "torch.utils.backend_registration._setup_privateuseone_for_python_backend",
}
# Of torch's compiler, which is slow to import: in two modules, by when they can be imported.
WITH_DYNAMO = {
    "torch._dynamo.backends.registry.register_backend",
    "torch._dynamo.device_interface.DeviceInterface",
    "torch._dynamo.device_interface.register_interface_for_device",
    "torch._dynamo.trace_rules.SKIP_DIRS",
    "torch._dynamo.trace_rules._recompile_re",
}
AFTER_DYNAMO = {
    "torch._dynamo.backends.common.aot_autograd",
    "torch._dynamo.compiled_autograd._enable",
    "torch._dynamo.config",
    "torch._dynamo.reset",
    "torch._functorch.aot_autograd.make_boxed_func",
}
# Private attributes of public objects: of tensors, storages and operator overloads.
ATTRIBUTES = {
    "_apply",
    "_get_backend",
    "_has_compatible_shallow_copy_type",
    "_is_view",
    "_is_zerotensor",
    "_op",
    "_overloadname",
    "_overloadpacket",
    "_parameters",
    "_register_backend",
    "_schema",
    "_set_from_file",
    "_set_static_graph",
    "_untyped_storage",
    "_write_file",
}
OPERATORS = {
    "_conj",
    "_copy_from",
    "_efficientzerotensor",
    "_foreach_add",
    "_foreach_add_",
    "_foreach_addcdiv_",
    "_foreach_addcmul_",
    "_foreach_div",
    "_foreach_div_",
    "_foreach_mul_",
    "_foreach_norm",
    "_foreach_sqrt",
    "_foreach_sqrt_",
    "_foreach_sub_",
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
        yield path.relative_to(FOLDER).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def private_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torch"):
            names = [f"{node.module}.{each.name}" for each in node.names]
            yield from (name for name in names if "._" in name)


def own_names(tree: ast.Module) -> Iterator[str]:
    """Methods of a module's own classes, and what they assign to themselves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            yield node.attr


def private_attributes(tree: ast.Module) -> Iterator[str]:
    own = set(own_names(tree))
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.Attribute)):
        is_own = node.attr in own and ast.unparse(node.value) in ("self", "cls")
        if node.attr.startswith("_") and not node.attr.startswith("__") and not is_own:
            yield node.attr


def test_one_package_imports_private_names_and_they_are_these() -> None:
    found = {name: set(private_imports(tree)) for name, tree in trees()}

    assert found.pop("torch_private/eager.py") == IMPORTED
    assert found.pop("torch_private/dynamo.py") == WITH_DYNAMO
    assert found.pop("torch_private/aot.py") == AFTER_DYNAMO
    assert {name for name, imports in found.items() if imports} == set()


def test_private_attributes_are_these() -> None:
    declared = ATTRIBUTES | OPERATORS | OWN | {"_current_frames", "_getframe"}
    used = {name for _, tree in trees() for name in private_attributes(tree)}

    assert used - declared == set()
    assert (ATTRIBUTES | OWN) - used == set()


def test_they_exist_in_this_torch() -> None:
    tensor, overload = torch.ones(1), torch.ops.aten.add.Tensor

    assert all(hasattr(torch.ops.aten, name) for name in OPERATORS)
    assert all(hasattr(tensor, name) for name in ("_is_view", "_is_zerotensor"))
    assert all(hasattr(overload, name) for name in ("_op", "_overloadname", "_overloadpacket", "_schema", "redispatch"))
    assert hasattr(torch.TypedStorage(_internal=True), "_untyped_storage")
    assert all(hasattr(torch.UntypedStorage, name) for name in ("_set_from_file", "_write_file"))
    assert hasattr(torch.Tensor, "_clear_non_serializable_cached_data")
    assert all(hasattr(torch.distributed.ProcessGroup, name) for name in ("_get_backend", "_register_backend"))
    assert hasattr(torch.distributed.Reducer, "_set_static_graph")
    assert hasattr(torch, "_has_compatible_shallow_copy_type")
    assert all(hasattr(eager, name) for name in eager.__all__)
