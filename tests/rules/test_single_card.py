from __future__ import annotations

import pytest

RULE = "single-card"
HEAD = "import torch\nfrom torch import nn\n\n"
DDP = "nn.parallel.DistributedDataParallel"


@pytest.mark.parametrize(
    "count",
    [
        "torch.cuda.device_count()",
        "torch.hpu.device_count()",
        "max(1, torch.cuda.device_count())",
        "torch.cuda.device_count() if torch.cuda.is_available() else 1",
        "max(1, int(torch.cuda.device_count()))",
    ],
)
@pytest.mark.parametrize("name", ["n_gpu", "args.n_gpu"])
def test_number_that_decides_about_the_wrapper(check_transformed, count, name):
    check_transformed(
        f"""\
{HEAD}{name} = {count}
print("cards:", {name})
if distributed:
    model = {DDP}(model)
elif {name} > 1:
    # all at once
    model = nn.DataParallel(model)
loader = DataLoader(data, batch_size=args.batch_size * {name})
""",
        f"""\
{HEAD}{name} = 1
print("cards:", {name})
if distributed:
    model = {DDP}(model)
# all at once
loader = DataLoader(data, batch_size=args.batch_size * {name})
""",
        RULE,
    )


def test_branch_that_only_says_so_goes_too(check_transformed):
    check_transformed(
        f"""\
{HEAD}if torch.cuda.device_count() > 1:
    print("with", torch.cuda.device_count(), "cards")
    model = nn.DataParallel(model)
model.train()
""",
        f"{HEAD}model.train()\n",
        RULE,
    )


def test_branch_with_more_in_it_stays(check_transformed):
    check_transformed(
        f"{HEAD}if torch.cuda.device_count() > 1:\n    model = nn.DataParallel(model)\n    lr = lr * 2\n",
        f"{HEAD}if 1 > 1:\n    lr = lr * 2\n",
        RULE,
    )


def test_number_that_is_none_without_the_device(check_transformed):
    check_transformed(
        f"{HEAD}n = 0 if args.no_cuda else torch.cuda.device_count()\nif n > 1:\n    m = nn.DataParallel(m)\n",
        f"{HEAD}n = 0 if args.no_cuda else 1\n",
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        # a process is started for each card
        "n = torch.cuda.device_count()\ntorch.multiprocessing.spawn(work, nprocs=n, args=(n,))\n",
        "n = torch.cuda.device_count()\nif n > 1:\n    spawn(main, n)\n",
        "world_size = torch.cuda.device_count()\n",
        "args.world_size = args.nodes * torch.cuda.device_count()\n",
        "n = torch.cuda.device_count()\nfor i in range(n):\n    Process(target=work, args=(i,)).start()\n",
        "parser.add_argument('--world-size', type=int, default=torch.cuda.device_count())\n",
        # the share of one of several processes
        "torch.cuda.set_device(rank % torch.cuda.device_count())\n",
        "batch = batch // torch.cuda.device_count()\n",
        # the same for one card and for eight
        "print(torch.cuda.device_count())\n",
        "log.info(f'{torch.cuda.device_count()} cards')\n",
        "log.info('%d cards' % torch.cuda.device_count())\n",
        "n = torch.cuda.device_count()\nif n > 0:\n    torch.cuda.manual_seed_all(1)\n",
    ],
)
def test_other_numbers_stay_without_a_word(run, code):
    result = run(HEAD + code, RULE)
    assert result.data.decode() == HEAD + code
    assert not result.findings


@pytest.mark.parametrize(
    "code",
    [
        "workers = 4 * torch.cuda.device_count()\n",
        "batch = batch * torch.cuda.device_count()\n",
        "assert torch.cuda.device_count() >= 2\n",
        "place(range(torch.cuda.device_count()))\n",
        "def cards():\n    return torch.cuda.device_count()\n",
        "class A:\n    def f(self):\n        self.cards = torch.cuda.device_count()\n",
    ],
)
def test_numbers_whose_use_does_not_tell_are_reported(run, code):
    result = run(HEAD + code, RULE)
    assert result.data.decode() == HEAD + code
    assert [finding.api for finding in result.findings] == ["torch.cuda.device_count()"]


def test_number_of_processes_stays_while_the_wrapper_goes(check_transformed):
    check_transformed(
        f"""\
{HEAD}def main():
    n = torch.cuda.device_count()
    torch.multiprocessing.spawn(work, nprocs=n, args=(n,))

def work(rank, n):
    if rank is None:
        model = nn.DataParallel(model)
    else:
        model = {DDP}(model)
""",
        f"""\
{HEAD}def main():
    n = torch.cuda.device_count()
    torch.multiprocessing.spawn(work, nprocs=n, args=(n,))

def work(rank, n):
    if rank is not None:
        model = {DDP}(model)
""",
        RULE,
    )


def test_number_is_followed_through_functions_tuples_and_properties(check_transformed):
    check_transformed(
        f"""\
{HEAD}def setup():
    return "cuda", torch.cuda.device_count()

class Arguments:
    def __init__(self):
        self._cards = torch.cuda.device_count()
        if local:
            self._cards = 1

    @property
    def cards(self):
        return self._cards

    def size(self):
        return self.per_card_batch * max(1, self.cards)

def build(model, n):
    if n > 1:
        model = nn.DataParallel(model)
    return model

device, count = setup()
build(net, count)
""",
        f"""\
{HEAD}def setup():
    return "cuda", 1

class Arguments:
    def __init__(self):
        self._cards = 1
        if local:
            self._cards = 1

    @property
    def cards(self):
        return self._cards

    def size(self):
        return self.per_card_batch * max(1, self.cards)

def build(model, n):
    return model

device, count = setup()
build(net, count)
""",
        RULE,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("net = nn.DataParallel(model, device_ids=[0, 1])", "net = model"),
        ("net = torch.nn.parallel.DataParallel(module=model, dim=1).to(device)", "net = model.to(device)"),
        ("net = nn.DataParallel(Net(a,\n    b)).cuda()", "net = Net(a,\n    b).cuda()"),
        ("net = nn.DataParallel(a or b).cuda()", "net = (a or b).cuda()"),
        ("train(nn.DataParallel(model, ids), 1)", "train(model, 1)"),
        ("a = isinstance(m, nn.DataParallel)", "a = False"),
        ("a = m.module if isinstance(m, nn.DataParallel) else m", "a = m"),
        ("if isinstance(m, nn.DataParallel):\n    m = m.module\nx = 1", "x = 1"),
        (f"a = isinstance(m, (nn.DataParallel, {DDP}))", f"a = isinstance(m, {DDP})"),
        (f"a = isinstance(m, (nn.DataParallel, {DDP}, Own))", f"a = isinstance(m, ({DDP}, Own))"),
        ("if n > 1 and not isinstance(m, nn.DataParallel):\n    m = nn.DataParallel(m)\nx = 1", "x = 1"),
        (
            "if isinstance(m, (nn.DataParallel, Own)):\n    m = nn.DataParallel(m)\nelse:\n    x = 1",
            "if not isinstance(m, Own):\n    x = 1",
        ),
        ("if a: m = nn.DataParallel(m); m.train()", "if a: m.train()"),
    ],
)
def test_wrapper(check_transformed, before, after):
    check_transformed(f"{HEAD}{before}\n", f"{HEAD}{after}\n", RULE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("m = nn.DataParallel(m)\nm.module.save()", "m.save()"),
        ("m = nn.DataParallel(m).cuda()\nm.train()\nm.module.save()", "m = m.cuda()\nm.train()\nm.save()"),
        ("if a:\n    m = nn.DataParallel(m)\nm.module.save()", 'getattr(m, "module", m).save()'),
        ("self.m = nn.DataParallel(m)\nself.m.module", 'self.m = m\ngetattr(self.m, "module", self.m)'),
        (
            f"if a:\n    m = nn.DataParallel(m)\nelse:\n    m = {DDP}(m)\nm.module.save()",
            f'if not a:\n    m = {DDP}(m)\ngetattr(m, "module", m).save()',
        ),
        (
            'if a:\n    m = nn.DataParallel(m)\n    b = 1\nx = m.module if hasattr(m, "module") else m',
            'if a:\n    b = 1\nx = m.module if hasattr(m, "module") else m',
        ),
        ("m = nn.DataParallel(m)\nsize *= len(m.device_ids)", "size *= len([0])"),
        (
            "def save(m):\n    return m.module.state_dict()\nsave(nn.DataParallel(net))",
            'def save(m):\n    return getattr(m, "module", m).state_dict()\nsave(net)',
        ),
    ],
)
def test_way_to_the_module_inside(check_transformed, before, after):
    check_transformed(f"{HEAD}{before}\n", f"{HEAD}{after}\n", RULE)


def test_imported_names(check_transformed):
    check_transformed(
        "from torch.nn import DataParallel as DP, Linear\nfrom torch.nn.parallel import DataParallel\n"
        "from torch.cuda import device_count as count\nn = count()\nif n > 1:\n    model = DP(model)\nx = 1\n",
        "from torch.nn import Linear\nfrom torch.cuda import device_count as count\nn = 1\nx = 1\n",
        RULE,
    )


def test_imports_that_share_a_line(check_transformed):
    check_transformed(
        f"{HEAD}from torch.nn import DataParallel as A; from torch.nn.parallel import DataParallel as B\nx = A(m)\n",
        f"{HEAD}x = m\n",
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        f"model = {DDP}(model)\nmodel.module.save()\n",
        "# nn.DataParallel(model)\ntext = 'torch.cuda.device_count() and nn.DataParallel(model)'\n",
        "def f(nn, torch):\n    n = torch.cuda.device_count()\n    return nn.DataParallel(n)\n",
        "from mine import DataParallel\nmodel = DataParallel(model)\nmodel.module.save()\n",
        "class Balanced(nn.DataParallel):\n    pass\n",
        "from torch.nn import DataParallel  # noqa: F401\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(HEAD + code, RULE)


def test_what_has_no_plain_form_is_left_to_the_list(run):
    result = run(f"{HEAD}class Balanced(nn.DataParallel):\n    pass\n", RULE, "gpu-leftovers")
    assert [(finding.rule, finding.api) for finding in result.findings] == [("gpu-leftovers", "nn.DataParallel")]


def test_tabs_and_crlf(check_transformed):
    before = "if n > 1:\n\tmodel = nn.DataParallel(model)\nelse:\n\tmodel = model.half()\nmodel.module\n"
    after = 'if not n > 1:\n\tmodel = model.half()\ngetattr(model, "module", model)\n'
    check_transformed((HEAD + before).replace("\n", "\r\n"), (HEAD + after).replace("\n", "\r\n"), RULE)


def test_with_the_rules_of_its_layer(check_transformed):
    check_transformed(
        """\
import torch
from torch.nn import DataParallel

device = torch.device("cuda")
n = torch.cuda.device_count()
if n > 1:
    model = DataParallel(model)
if n > 0:
    torch.cuda.manual_seed_all(1)
torch.multiprocessing.spawn(work, nprocs=torch.cuda.device_count())
""",
        """\
import torch

device = torch.device("hpu")
n = 1
if n > 0:
    torch.hpu.manual_seed_all(1)
torch.multiprocessing.spawn(work, nprocs=torch.hpu.device_count())
""",
        *(RULE, "device-calls", "device-strings", "ddp-arguments", "gpu-imports"),
        mode="compile",
    )
