"""Stage packed of sample-bert applies to the trainer as it is, and to what stage minimal makes of it."""

from __future__ import annotations

import ast

import pytest

from migrator.core.layers import Status
from tests.scenarios.packed_stage import apply_packed


@pytest.mark.parametrize("base", ["upstream", "minimal"])
def test_every_layer_applies(base: str) -> None:
    before, result = apply_packed(base)
    applied = {o.layer for o in result.outcomes if o.status is Status.APPLIED}
    assert applied == {"packed-shards", "packed-loading", "packed-model", "packed-training", "packed-readme"}
    changed = {path for path in result.tree if result.tree[path] != before.get(path)}
    assert changed == {"pretraining_data.py", "data.py", "modeling.py", "run_pretraining.py", "README.md"}
    assert before.keys() == result.tree.keys() - {"pretraining_data.py"}
    for path in sorted(changed - {"README.md"}):
        assert ast.parse(result.tree[path].data).body
    assert all(change.reason and change.source for change in result.changes)


@pytest.mark.parametrize("base", ["upstream", "minimal"])
def test_line_endings_stay(base: str) -> None:
    _, result = apply_packed(base)
    for path in ("pretraining_data.py", "data.py", "modeling.py", "run_pretraining.py"):
        data = result.tree[path].data
        assert data.count(b"\r\n") == (data.count(b"\n") if path == "data.py" else 0)
