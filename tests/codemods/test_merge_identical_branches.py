from __future__ import annotations

import textwrap

import libcst as cst
import pytest
from libcst.codemod import CodemodContext

from migrator.codemods.merge_identical_branches import MergeIdenticalBranches


def merged(code: str) -> str:
    module = cst.parse_module(textwrap.dedent(code))
    return MergeIdenticalBranches(CodemodContext()).transform_module(module).code


def test_a_chain_of_same_branches_becomes_its_body():
    before = """\
    for batch in batches:
        # backward pass
        if args.fp16:
            loss.backward()
        elif args.amp and not args.cpu:
            loss.backward()
        else:
            loss.backward()
        step()
    """
    after = """\
    for batch in batches:
        # backward pass
        loss.backward()
        step()
    """
    assert merged(before) == textwrap.dedent(after)


def test_only_the_equal_end_of_a_chain_is_merged():
    before = """\
    if a:
        one()
    elif b:
        two()
        three()
    else:
        two()
        three()
    """
    after = """\
    if a:
        one()
    else:
        two()
        three()
    """
    assert merged(before) == textwrap.dedent(after)


@pytest.mark.parametrize(
    "code",
    [
        "if f():\n    x()\nelse:\n    x()\n",
        "if a:\n    x()  # why\nelse:\n    x()\n",
        "if a:\n    x()\nelse:\n    y()\n",
        "if a:\n    x()\n",
        "if a: x()\nelse: x()\n",
        "if a:\n    x()\n# a reason\nelse:\n    x()\n",
    ],
)
def test_left_alone(code):
    assert merged(code) == code
