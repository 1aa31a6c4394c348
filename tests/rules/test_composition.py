"""The hardest composition: a block is unwrapped while rules rename inside it and insert after its statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.edit_expressions import rename
from migrator.core.edit_statements import insert_after
from migrator.core.edits import Fix
from migrator.core.engine import rewrite
from migrator.core.file import Context, File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules import all_rules
from migrator.rules.distributed_backend import IMPORT, NOTE

Check = Callable[[str, str], None]


class Mark(Rule):
    """Inserts `mark()` after every backward pass that has none."""

    name = "mark"
    kind = Kind.MODIFIED
    reason = "test"
    source = "test"
    needles = (b".backward(",)
    nodes = (ast.Expr,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A statement that is a call of backward."""
        if isinstance(node, ast.Expr) and ".backward(" in file.text(node) and "torch" not in file.text(node):
            suite = file.suite(node)
            following = suite[suite.index(node) + 1 :]
            if not following or file.text(following[0]) != "mark()":
                yield self.fix([insert_after(file, node, "mark()")])


class Rename(Rule):
    """Renames `torch.cuda.synchronize`."""

    name = "rename"
    kind = Kind.MATCH
    reason = "test"
    source = "test"
    needles = (b"synchronize",)
    nodes = (ast.Attribute,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """The dotted name."""
        if isinstance(node, ast.Attribute) and "torch.cuda.synchronize" in file.names(node):
            yield self.fix([rename(file, node, "torch.hpu.synchronize")])


@pytest.fixture(params=["\n", "\r\n"], ids=["LF", "CRLF"])
def newline(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["    ", "\t", "  "], ids=["four", "tab", "two"])
def check(request: pytest.FixtureRequest, newline: str) -> Check:
    """check(before, after), both written with four spaces and LF, with each indentation and line ending."""
    indent = str(request.param)
    names = ("apex-amp", "autocast", "grad-scaler", "distributed-backend", "gpu-imports")
    rules = [*(all_rules()[name] for name in names), Mark(), Rename()]
    context = Context(make_target(None, None, None, None), load_api_map())

    def lay_out(code: str) -> bytes:
        return code.replace("    ", indent).replace("\n", newline).encode()

    def check(before: str, after: str) -> None:
        head = "import torch\nfrom apex import amp\n"
        result = rewrite("train.py", lay_out(head + before), rules, context)
        assert result.data.decode() == lay_out("import torch\n" + after).decode()
        again = rewrite("train.py", result.data, rules, context)
        assert again.data == result.data
        assert not again.rounds

    return check


def test_block_with_everything_in_it(check):
    check(
        '''\
def train(args, loss, optimizer):
    # scale, then go back
    with amp.scale_loss(loss, optimizer) as scaled_loss:  # dynamic
        # the backward pass
        if args.sync:
            torch.cuda.synchronize()  # wait
            scaled_loss.backward()  # now
        else:
            if args.graph:
                scaled_loss.backward(retain_graph=True)
            print("""torch.cuda.synchronize
        stays as it is
    and here
""", scaled_loss)
        # after it

        torch.cuda.synchronize()
    optimizer.step()
''',
        '''\
def train(args, loss, optimizer):
    # scale, then go back
    # dynamic
    # the backward pass
    if args.sync:
        torch.hpu.synchronize()  # wait
        loss.backward()  # now
        mark()
    else:
        if args.graph:
            loss.backward(retain_graph=True)
            mark()
        print("""torch.cuda.synchronize
        stays as it is
    and here
""", loss)
    # after it

    torch.hpu.synchronize()
    optimizer.step()
''',
    )


@pytest.mark.parametrize("end", ["", "\n"], ids=["no final newline", "final newline"])
def test_last_line(check, end):
    check(
        f"with amp.scale_loss(loss, optimizer) as scaled_loss:\n    scaled_loss.backward(){end}",
        f"loss.backward()\nmark(){end}",
    )


def test_body_on_the_line_of_its_header(check):
    check(
        "if a:\n    with amp.scale_loss(loss, opt) as s: s.backward(); opt.step()\n",
        "if a:\n    loss.backward(); mark(); opt.step()\n",
    )


def test_one_line_suites_inside_the_block(check):
    check(
        "with amp.scale_loss(a + b, opt) as scaled_loss:\n    if a: scaled_loss.backward(); opt.step()\n",
        "if a: (a + b).backward(); mark(); opt.step()\n",
    )


def test_nested_blocks(check):
    check(
        """\
for batch in data:
    with amp.scale_loss(one, opt1) as first:
        with model.no_sync():
            with amp.scale_loss(two, opt2) as second:
                first.backward()
                second.backward()
        torch.cuda.synchronize()
    # next batch
    done()
""",
        """\
for batch in data:
    with model.no_sync():
        one.backward()
        mark()
        two.backward()
        mark()
    torch.hpu.synchronize()
    # next batch
    done()
""",
    )


def test_directly_nested_blocks(check):
    check(
        """\
with amp.scale_loss(one, opt) as first:
    with amp.scale_loss(two, opt) as second:
        with amp.scale_loss(three, opt) as third:
            first.backward()
            third.backward()
""",
        """\
one.backward()
mark()
three.backward()
mark()
""",
    )


def test_block_inside_an_async_one(check):
    check(
        """\
async def train(loss, lock):
    async with lock:
        with amp.scale_loss(loss, opt) as scaled_loss:
            await ready()
            scaled_loss.backward()
""",
        """\
async def train(loss, lock):
    async with lock:
        await ready()
        loss.backward()
        mark()
""",
    )


def test_block_of_two_items(check):
    check(
        """\
with torch.cuda.amp.autocast(args.amp), amp.scale_loss(
    loss, opt
) as scaled_loss:
    torch.cuda.synchronize()
    scaled_loss.backward()
""",
        """\
with torch.autocast("hpu", dtype=torch.bfloat16, enabled=args.amp):
    torch.hpu.synchronize()
    loss.backward()
    mark()
""",
    )


def test_header_in_parentheses(check):
    check(
        """\
with (
    amp.scale_loss(loss, opt) as scaled_loss  # dynamic
):
    scaled_loss.backward()
""",
        """\
# dynamic
loss.backward()
mark()
""",
    )


def test_scaled_loss_that_stays_a_name(check):
    check(
        """\
if amp_on:
    with amp.scale_loss(
        loss / steps,  # a part
        opt,
    ) as scaled_loss:
        torch.cuda.synchronize()
        scaled_loss.backward()
        log(scaled_loss)
""",
        """\
if amp_on:
    scaled_loss = loss / steps
    # a part
    torch.hpu.synchronize()
    scaled_loss.backward()
    mark()
    log(scaled_loss)
""",
    )


def test_both_ways_of_mixed_precision_and_the_backend(check):
    check(
        """\
scaler = torch.cuda.amp.GradScaler()
with amp.scale_loss(loss, opt) as scaled_loss:
    scaler.scale(scaled_loss + extra).backward()
    scaler.step(opt); scaler.update()
    torch.distributed.init_process_group(backend="nccl")
""",
        f"""\
{IMPORT}  # noqa: F401  {NOTE}
(loss + extra).backward()
mark()
opt.step()
torch.distributed.init_process_group(backend="hccl")
""",
    )


@pytest.mark.parametrize("turned", [False, True], ids=["apex first", "scaler first"])
def test_branches_that_two_rules_empty_together(check, turned):
    of_apex = '"amp" in checkpoint:\n        amp.load_state_dict(checkpoint["amp"])\n'
    of_torch = '"scaler" in checkpoint:\n        scaler.load_state_dict(checkpoint["scaler"])\n'
    first, second = (of_torch, of_apex) if turned else (of_apex, of_torch)
    check(
        "scaler = torch.cuda.amp.GradScaler()\ndef resume(args, model, checkpoint):\n"
        '    model.load_state_dict(checkpoint["model"])\n'
        f"    if args.fp16 and {first}    elif args.amp and {second}    return model\n",
        'def resume(args, model, checkpoint):\n    model.load_state_dict(checkpoint["model"])\n    return model\n',
    )


def test_branches_that_two_rules_empty_before_one_that_stays(check):
    check(
        "scaler = torch.cuda.amp.GradScaler()\n"
        'if args.fp16:\n    amp.load_state_dict(checkpoint["amp"])\n'
        'elif args.amp:\n    scaler.load_state_dict(checkpoint["scaler"])\n'
        "else:\n    start(checkpoint)\n",
        "if args.fp16:\n    pass\nelif not args.amp:\n    start(checkpoint)\n",
    )
