"""Comments that an anchor removes, addressed by a statement and by their hash."""

from __future__ import annotations

import hashlib

import pytest

from migrator.core.anchor_find import symbol_hash
from migrator.core.anchor_layer import apply_anchors
from migrator.core.file import Context, read
from migrator.core.layers import Anchor, AnchorLayer, Where
from migrator.core.rule_layer import DriftError
from migrator.core.tree import Entry

CODE = """\
def step(optimizer):
    # far

    # check
    # 1. scale
    # same
    scale = 2
    if scale:  # behind
        # inside
        text = '''
        # looks like one
        '''
    # same
    # same
    optimizer.step()
"""


def removed(context: Context, statement: str, comment: str, code: str = CODE, *, and_delete: bool = False) -> str:
    file = read("train.py", code.encode(), context)
    known = symbol_hash(file, "step")
    anchors = [Anchor("train.py", "step", statement, Where.REMOVE_COMMENT, "", known, comment=comment)]
    if and_delete:
        anchors.append(Anchor("train.py", "step", statement, Where.DELETE, "", known))
    tree = {"train.py": Entry(code.encode())}
    layer = AnchorLayer("a-layer", "a reason", "a source", anchors=tuple(anchors))
    return apply_anchors(layer, tree, tree, context).tree["train.py"].data.decode()


def digest(comment: str) -> str:
    return hashlib.sha256(comment.encode()).hexdigest()


@pytest.mark.parametrize(
    ("statement", "comment"),
    [
        ("assign:scale", "# check"),
        ("assign:scale", "# 1. scale"),
        ("if:scale", "# inside"),
        ("assign:text", "# inside"),
    ],
)
def test_it_goes_and_nothing_else(context: Context, statement: str, comment: str) -> None:
    before, _, after = CODE.partition(f"{comment}\n")
    expected = before.rstrip(" ") + after
    assert removed(context, statement, digest(comment)) == expected
    assert removed(context, statement, digest(comment)[:16].upper()) == expected
    dos = removed(context, statement, digest(comment), CODE.replace("\n", "\r\n"))
    assert dos == expected.replace("\n", "\r\n")


def test_its_statement_may_go_as_well(context: Context) -> None:
    expected = CODE.replace("    # check\n", "").replace("    scale = 2\n", "")
    assert removed(context, "assign:scale", digest("# check"), and_delete=True) == expected


@pytest.mark.parametrize(
    ("statement", "comment", "said"),
    [
        ("assign:scale", "# far", "train.py:7: 0 comments above or inside the statement"),
        ("if:scale", "# behind", "0 comments"),
        ("if:scale", "# looks like one", "0 comments"),
        ("expr:optimizer.step", "# same", "2 comments"),
        ("expr:optimizer.step", "# inside", f"there are: line 13: {digest('# same')}, line 14: "),
    ],
)
def test_what_is_not_there_or_not_alone_is_drift(context: Context, statement: str, comment: str, said: str) -> None:
    with pytest.raises(DriftError, match=said):
        removed(context, statement, digest(comment))


@pytest.mark.parametrize("length", [0, 15])
def test_a_short_hash_is_drift_and_the_message_has_the_whole(context: Context, length: int) -> None:
    whole = digest("# check")
    with pytest.raises(DriftError, match=whole):
        removed(context, "assign:scale", whole[:length])
