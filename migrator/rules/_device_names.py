"""Names that say they are a device: `args.device`, `map_location`, `--local-device`, `cfg["device"]`."""

from __future__ import annotations

import ast

_ENDINGS = ("device", "map_location", "device_type", "device_map", "device_str")


def says_device(name: str) -> bool:
    """Whether a name, or an option such as `--local-device`, says that it is a device."""
    return name.lstrip("-").replace("-", "_").lower().endswith(_ENDINGS)


def last(node: ast.AST) -> str:
    """The last part of a dotted name, or the text of a string."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return node.id if isinstance(node, ast.Name) else ""


def is_device_target(target: ast.AST) -> bool:
    """Whether what is assigned to says that it is a device."""
    return says_device(last(target.slice if isinstance(target, ast.Subscript) else target))


def is_device(node: ast.AST) -> bool:
    """Whether an expression says that it is a device: `args.device`, `str(x.device)`, `cfg["device"]`."""
    if isinstance(node, ast.Subscript):
        return says_device(last(node.slice)) or is_device(node.value)
    if isinstance(node, ast.Call):
        inside = [*node.args, node.func.value] if isinstance(node.func, ast.Attribute) else node.args
        return says_device(last(node.func)) or any(is_device(part) for part in inside)
    return says_device(last(node)) or (isinstance(node, ast.Attribute) and node.attr == "type")
