"""What the walk over a file records."""

from __future__ import annotations

import ast

from migrator.core.scope_walk import index
from migrator.core.scopes import Index, Scope


def walked(code: str) -> tuple[Index, dict[str, Scope]]:
    """The record of `code`, and its scopes by the name of the definition that opens them."""
    found = index(ast.parse(code))
    return found, {getattr(node, "name", "module"): scope for node, scope in found.scopes.items()}


def test_global_and_nonlocal_hold_for_their_own_function_only() -> None:
    _, scopes = walked(
        "def f():\n"
        "    x = 1\n"
        "    def g():\n"
        "        global x\n"
        "        x = 2\n"
        "    def h():\n"
        "        nonlocal x\n"
        "        x = 3\n"
    )
    assert len(scopes["f"].bindings["x"]) == 2
    assert len(scopes["module"].bindings["x"]) == 1
    assert "x" not in scopes["g"].bindings
    assert "x" not in scopes["h"].bindings


def test_captures_bind() -> None:
    _, scopes = walked(
        "def f(a):\n"
        "    match a:\n"
        "        case [torch, *rest]:\n"
        "            pass\n"
        "    try:\n"
        "        pass\n"
        "    except OSError as error:\n"
        "        pass\n"
    )
    assert scopes["f"].bindings.keys() == {"a", "torch", "rest", "error"}


def test_defaults_and_decorators_are_used_outside() -> None:
    found, scopes = walked("@d\ndef f(a=b, *, c: e = g) -> h:\n    return i\n")
    inside = {name.id for name, scope in found.scope_of.items() if scope is scopes["f"]}
    assert inside == {"i"}


def test_nodes_come_in_source_order_with_parents_and_without_operators() -> None:
    found, _ = walked("x = a + b.c\ndel x\n")
    kinds = [type(node).__name__ for node in found.nodes]
    assert kinds == ["Module", "Assign", "Name", "BinOp", "Name", "Attribute", "Name", "Delete", "Name"]
    assert all(node in found.parents for node in found.nodes[1:])
