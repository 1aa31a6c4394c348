"""Anchors: changes addressed by symbol and statement."""

from __future__ import annotations

import pytest

from migrator.core.anchor_find import find_statement, find_symbol, parse_spec, symbol_hash
from migrator.core.anchor_layer import AnchorConflictError, apply_anchors
from migrator.core.file import Context, read
from migrator.core.layers import Anchor, AnchorLayer, Where
from migrator.core.rule_layer import DriftError
from migrator.core.tree import Entry, Mode
from migrator.errors import LayerError

CODE = """\
import os


def main(args):
    loss = step(args)
    if args.fp16:
        loss = scale(loss, 2)
    for epoch in range(
        args.epochs,  # epochs
    ):  # header
        with autocast(args), no_grad():
            run(epoch, device="cuda", size=4)
        while True: break
    return loss


class Trainer(object):
    limit = 1

    @staticmethod
    def step(x):
        return x

    async def wait(self):
        async with lock():
            await sleep(1)


def step(x):
    def inner(y):
        return y

    inner(x)
"""


class Made:
    """A layer of anchors on one file, with the hashes of its symbols filled in."""

    def __init__(self, context: Context, code: str = CODE, mode: Mode = Mode.FILE) -> None:
        self.context = context
        self.tree = {"train.py": Entry(code.encode(), mode)}
        self.file = read("train.py", code.encode(), context)

    def anchor(self, symbol: str, statement: str, where: Where, text: str = "", **others: str) -> Anchor:
        others.setdefault("sha256", symbol_hash(self.file, symbol))
        return Anchor("train.py", symbol, statement, where, text, **others)

    def apply(self, *anchors: Anchor) -> str:
        layer = AnchorLayer("a-layer", "a reason", "a source", anchors=anchors)
        result = apply_anchors(layer, self.tree, self.tree, self.context)
        assert result.tree["train.py"].mode is self.tree["train.py"].mode
        return result.tree["train.py"].data.decode()


@pytest.fixture
def made(context: Context) -> Made:
    return Made(context)


@pytest.mark.parametrize(
    ("symbol", "statement", "where", "text", "old", "new"),
    [
        (
            "main",
            "assign:loss#0",
            Where.BEFORE,
            "a()\n\nb()\n",
            "    loss = step",
            "    a()\n\n    b()\n    loss = step",
        ),
        (
            "main",
            "return",
            Where.BEFORE,
            "x = '''\nkept\n  '''",
            "    return l",
            "    x = '''\nkept\n  '''\n    return l",
        ),
        ("main", "if:args.fp16", Where.AFTER, "a()", "loss, 2)\n", "loss, 2)\n    a()\n"),
        (
            "main",
            "assign:loss#1",
            Where.REPLACE,
            "if a:\n    b()",
            "        loss = scale(loss, 2)\n",
            "        if a:\n            b()\n",
        ),
        ("main", "assign:loss#1", Where.DELETE, "", "    if args.fp16:\n        loss = scale(loss, 2)\n", ""),
        ("main", "if", Where.DELETE, "", "    if args.fp16:\n        loss = scale(loss, 2)\n", ""),
        ("main", "if", Where.HEADER, "if args.bf16:", "if args.fp16:", "if args.bf16:"),
        (
            "main",
            "for:epoch",
            Where.HEADER,
            "for epoch in batches():",
            "for epoch in range(\n        args.epochs,  # epochs\n    ):",
            "for epoch in batches():",
        ),
        (
            "main",
            "with:autocast",
            Where.HEADER,
            "with no_grad():",
            "with autocast(args), no_grad():",
            "with no_grad():",
        ),
        ("main", "while", Where.HEADER, "while go():", "while True:", "while go():"),
        ("main", "", Where.HEADER, "def main(\n    args,\n):", "def main(args):", "def main(\n    args,\n):"),
        ("Trainer", "", Where.HEADER, "class Trainer:", "class Trainer(object):", "class Trainer:"),
        ("main", "expr:run", Where.ARGUMENT, '"hpu"', "run(epoch", 'run("hpu"'),
        ("main", "expr:run", Where.ARGUMENT, 'device="hpu"', 'device="cuda"', 'device="hpu"'),
        ("main", "expr:run", Where.ADD_ARGUMENT, "a=1", "size=4)", "size=4, a=1)"),
        ("main", "expr:run", Where.REMOVE_ARGUMENT, "", 'device="cuda", ', ""),
        ("main", "assign:loss#1", Where.REMOVE_ARGUMENT, "", "scale(loss, 2)", "scale(loss)"),
        ("main", "for", Where.ARGUMENT, "1", "run(epoch", "run(1"),
        (
            "Trainer.step",
            "",
            Where.BEFORE,
            "@d\ndef f(): pass\n",
            "    @static",
            "    @d\n    def f(): pass\n    @static",
        ),
        ("Trainer.wait", "expr:sleep", Where.AFTER, "a()", "sleep(1)\n", "sleep(1)\n            a()\n"),
        ("Trainer", "assign:limit", Where.AFTER, "more = 2", "limit = 1\n", "limit = 1\n    more = 2\n"),
        ("step.inner", "return", Where.REPLACE, "return y + 1", "return y\n", "return y + 1\n"),
        (
            "step",
            "",
            Where.REPLACE,
            "def step(x): ...",
            CODE[CODE.index("def step(x):\n    def") :],
            "def step(x): ...\n",
        ),
        ("", "import:os", Where.AFTER, "import sys", "import os\n", "import os\nimport sys\n"),
    ],
)
def test_each_where(made: Made, symbol: str, statement: str, where: Where, text: str, old: str, new: str) -> None:
    argument = {"device": "device", '"hpu"': "0", "2)": "1", "1": "0"}
    named = next((name for key, name in argument.items() if text.startswith(key) or (not text and key in old)), "")
    call = "run" if statement == "for" else ""
    anchor = made.anchor(symbol, statement, where, text, argument=named, call=call)
    assert made.apply(anchor) == CODE.replace(old, new, 1)


def test_line_ends_and_tabs_are_the_files_own(context: Context) -> None:
    made = Made(context, "def f():\r\n\tif a:\r\n\t\tb()\r\n\treturn 1", Mode.EXECUTABLE)
    anchors = [
        made.anchor("f", "if", Where.HEADER, "if (\n    c\n):"),
        made.anchor("f", "expr:b", Where.AFTER, "d()\ne()"),
        made.anchor("f", "return", Where.AFTER, "x = 1"),
    ]
    assert made.apply(*anchors) == (
        "def f():\r\n\tif (\r\n\t    c\r\n\t):\r\n\t\tb()\r\n\t\td()\r\n\t\te()\r\n\treturn 1\r\n\tx = 1"
    )


def test_anchors_of_one_file_are_made_together(made: Made) -> None:
    after = made.apply(
        made.anchor("main", "assign:loss#0", Where.BEFORE, "a()"),
        made.anchor("main", "if", Where.DELETE),
        made.anchor("main", "expr:run", Where.ARGUMENT, "0", argument="0"),
        made.anchor("main", "assign:loss#0", Where.BEFORE, "b()"),
    )
    assert "    a()\n    b()\n    loss = step(args)\n    for epoch" in after
    assert "run(0, device" in after


def test_each_anchor_is_explained(made: Made) -> None:
    anchors = (
        made.anchor("main", "return", Where.BEFORE, "a()", reason="own", source="own source", kind="mismatch"),
        made.anchor("main", "expr:run", Where.BEFORE, "b()"),
    )
    layer = AnchorLayer("a-layer", "a reason", "a source", anchors=anchors)
    (step,) = apply_anchors(layer, made.tree, made.tree, made.context).steps
    assert {(c.reason, c.source, c.kind.value, c.text_after.strip(), c.fix) for c in step.changes} == {
        ("own", "own source", "mismatch", "a()", 1),
        ("a reason", "a source", "modified", "b()", 2),
    }


def test_overlapping_anchors_conflict(made: Made) -> None:
    anchors = [made.anchor("main", "if", Where.DELETE), made.anchor("main", "assign:loss#1", Where.REPLACE, "x = 1")]
    with pytest.raises(AnchorConflictError, match=r"'a-layer': anchors in train\.py overlap"):
        made.apply(*anchors)


@pytest.mark.parametrize(
    ("symbol", "statement", "where", "others", "message"),
    [
        ("main", "assign:loss", Where.DELETE, {}, r"addresses 2 statements \(lines: 5, 7\)"),
        ("main", "assign:loss#2", Where.DELETE, {}, "addresses 2 statements"),
        ("main", "raise", Where.DELETE, {}, r"addresses 0 statements \(lines: none\)"),
        ("", "", Where.DELETE, {}, "needs a statement"),
        ("main", "break", Where.REPLACE, {}, r"train\.py:13: cannot be anchored in"),
        ("main", "assign:loss#0", Where.HEADER, {}, r"train\.py:5: cannot be anchored in"),
        ("main", "return", Where.ARGUMENT, {"argument": "0"}, "no call of anything"),
        ("main", "expr:run", Where.ARGUMENT, {"argument": "1"}, "no argument '1'"),
        ("main", "expr:run", Where.ARGUMENT, {"argument": "dtype"}, "no argument 'dtype'"),
        ("main", "expr:run", Where.ADD_ARGUMENT, {"call": "walk"}, "no call of walk"),
    ],
)
def test_an_address_that_does_not_fit_is_drift(
    made: Made, symbol: str, statement: str, where: Where, others: dict[str, str], message: str
) -> None:
    with pytest.raises(DriftError, match=message):
        made.apply(made.anchor(symbol, statement, where, "x = 1", **others))


def test_a_changed_symbol_is_drift_and_says_its_hash(made: Made) -> None:
    actual = symbol_hash(made.file, "main")
    for given in ("0" * 64, "", actual[:15]):
        with pytest.raises(DriftError, match=f"main drifted: its hash is {actual}"):
            made.apply(made.anchor("main", "return", Where.BEFORE, "a()", sha256=given))
    assert made.apply(made.anchor("main", "return", Where.BEFORE, "a()", sha256=actual[:16].upper()))


def test_the_hash_is_the_upstreams_and_knows_no_line_ends(made: Made, context: Context) -> None:
    changed = made.tree["train.py"].data.replace(b"loss, 2", b"loss, 3")
    layer = AnchorLayer("l", "", "", anchors=(made.anchor("main", "return", Where.BEFORE, "a()"),))
    result = apply_anchors(layer, {"train.py": Entry(changed)}, made.tree, context)
    assert b"loss, 3" in result.tree["train.py"].data
    assert b"    a()\n" in result.tree["train.py"].data
    dos = read("train.py", CODE.replace("\n", "\r\n").encode(), context)
    assert symbol_hash(dos, "main") == symbol_hash(made.file, "main")


def test_a_file_that_upstream_does_not_have_needs_no_hash(made: Made, context: Context) -> None:
    layer = AnchorLayer("l", "", "", anchors=(made.anchor("main", "return", Where.BEFORE, "a()", sha256=""),))
    assert b"a()" in apply_anchors(layer, made.tree, {}, context).tree["train.py"].data


def test_what_is_no_file_or_does_not_parse(made: Made, context: Context) -> None:
    layer = AnchorLayer("l", "", "", anchors=(made.anchor("main", "return", Where.BEFORE, "a()"),))
    for tree in ({}, {"train.py": Entry(b"other.py", Mode.LINK)}):
        with pytest.raises(DriftError, match=r"there is no file train\.py"):
            apply_anchors(layer, tree, {}, context)
    with pytest.raises(DriftError, match="cannot be anchored in"):
        apply_anchors(layer, {"train.py": Entry(b"print 1\n")}, {}, context)


def test_text_that_breaks_the_file_is_refused(made: Made, context: Context) -> None:
    with pytest.raises(LayerError, match=r"'a-layer': train\.py no longer parses"):
        made.apply(made.anchor("main", "return", Where.BEFORE, "else:"))
    latin = Made(context, "# coding: latin-1\nx = 1\n")
    with pytest.raises(LayerError, match="written in iso-8859-1"):
        latin.apply(latin.anchor("", "assign:x", Where.AFTER, "y = '€'"))


@pytest.mark.parametrize("spec", ["", "assign:", "assign#x", "call:f", "Assign:x", "assign:x#-1"])
def test_malformed_addresses(spec: str) -> None:
    with pytest.raises(ValueError, match=r"write kind\[:target\]\[#ordinal\]"):
        parse_spec(spec)


def test_qualified_names_are_exact(context: Context) -> None:
    tried, chosen = "try:\n  def f(): pass\nexcept E:\n  pass\n", "if x:\n  def g(): pass\nelse:\n  def g(): pass\n"
    code = f"class A:\n  def f(self): pass\n{tried}{chosen}"
    file = read("a.py", code.encode(), context)
    assert find_symbol(file, "f").lineno == 4  # type: ignore[union-attr]
    assert find_symbol(file, "A.f").lineno == 2  # type: ignore[union-attr]
    for name, what in (("g", "more than one"), ("A.g", "no"), ("h", "no")):
        with pytest.raises(DriftError, match=f"{what} symbol '{name}'"):
            find_symbol(file, name)


@pytest.mark.parametrize(
    ("code", "spec"),
    [
        ("a.b = 1", "assign:a.b"),
        ("a, (b, *c) = 1", "assign:a,b,c"),
        ("a[0] = 1", "assign:a"),
        ("a: int = 1", "annassign:a"),
        ("a += 1", "augassign:a"),
        ("await a.b(1)", "expr:a.b"),
        ("a.b(1)(2)", "expr"),
        ("if not a.b > c: pass", "if:a.b"),
        ("async def f():\n  async for x in y: pass", "for:x"),
        ("with open(a) as b: pass", "with:open"),
        ("raise E(a) from b", "raise:E"),
        ("raise", "raise"),
        ("return", "return"),
        ("assert a, b", "assert:a"),
        ("del a", "delete"),
        ("import a.b as c, d", "import:a.b,d"),
        ("from ..a import b", "from:..a"),
        ("async def f(): pass", "def:f"),
        ("class A: pass", "class:A"),
        ("try: pass\nfinally: pass", "try"),
        ("match a.b:\n  case 1: pass", "match:a.b"),
        ("def f():\n  global a", "global"),
    ],
)
def test_addresses(context: Context, code: str, spec: str) -> None:
    file = read("a.py", code.encode(), context)
    assert find_statement(file, file.module, spec)
    kind = spec.partition(":")[0]
    if ":" in spec:
        with pytest.raises(DriftError):
            find_statement(file, file.module, f"{kind}:other")
