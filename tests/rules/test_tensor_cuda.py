from __future__ import annotations

import pytest

from migrator.core.findings import Kind

RULE = "tensor-cuda"
NOW = {"mode": "compile"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("model.cuda()", 'model.to("hpu")'),
        ("x.cuda(device)", 'x.to("hpu")'),
        ("x.cuda(device=None)", 'x.to("hpu")'),
        ("x.cuda(non_blocking=True)", 'x.to("hpu", non_blocking=True)'),
        ("x.cuda(args.gpu, non_blocking=True)", 'x.to("hpu", non_blocking=True)'),
        ("x.cuda(0, True)", 'x.to("hpu", non_blocking=True)'),
        ("a.cuda(torch.cuda.current_device()).b.cuda()", 'a.to("hpu").b.to("hpu")'),
        ("Net(x.cuda()).cuda().eval()", 'Net(x.to("hpu")).to("hpu").eval()'),
        ("print(f'{x.cuda()}')", "print(f'{x.to(\"hpu\")}')"),
        ('print(f"{x.cuda()}")', "print(f\"{x.to('hpu')}\")"),
        ("y = x.is_cuda", 'y = x.device.type == "hpu"'),
        ("y = x.is_cuda and z", 'y = x.device.type == "hpu" and z'),
        ("y = not x.is_cuda", 'y = x.device.type != "hpu"'),
        ("y = x.is_cuda == z", 'y = (x.device.type == "hpu") == z'),
        ("y = (not x.is_cuda) == z", 'y = (x.device.type != "hpu") == z'),
        ("y = f(x).is_cuda == z.is_cuda", 'y = (f(x).device.type == "hpu") == (z.device.type == "hpu")'),
        ("torch.cuda.IntTensor([0])", 'torch.tensor([0], dtype=torch.int32, device="hpu")'),
        ("torch.cuda.FloatTensor(2, 3)", 'torch.empty(2, 3, dtype=torch.float32, device="hpu")'),
        ("torch.cuda.HalfTensor([x])", 'torch.tensor([x], dtype=torch.bfloat16, device="hpu")'),
        ("x.type(torch.cuda.FloatTensor)", 'x.to("hpu", torch.float32)'),
        ("x.type('torch.cuda.LongTensor')", 'x.to("hpu", torch.int64)'),
        ("torch.load(p, map_location=lambda storage, loc: storage.cuda(gpu))", 'torch.load(p, map_location="hpu")'),
        ("torch.load(p, lambda s, l: s.cuda())", 'torch.load(p, "hpu")'),
    ],
)
def test_each_form(check_transformed, before, after):
    check_transformed(f"import torch\n{before}\n", f"import torch\n{after}\n", RULE, **NOW)


def test_half_says_that_it_becomes_bfloat16(run):
    (fix,) = run("import torch\ny = torch.cuda.HalfTensor([1])\n", RULE, **NOW).rounds[0].fixes
    assert "bfloat16" in fix.reason


def test_layout_and_comments_of_a_chain_stay(check_transformed):
    check_transformed(
        """\
        import torch
        y = (
            torch.empty(2)  # on the host
            .cuda()  # and there
        )
        """,
        """\
        import torch
        y = (
            torch.empty(2)  # on the host
            .to("hpu")  # and there
        )
        """,
        RULE,
        **NOW,
    )


def test_import_of_typed_name_alone(check_transformed):
    check_transformed(
        "from torch.cuda import LongTensor\nx = LongTensor([1])\n",
        'from torch.cuda import LongTensor\nimport torch\nx = torch.tensor([1], dtype=torch.int64, device="hpu")\n',
        RULE,
        **NOW,
    )


def test_backend_is_imported_once_in_lazy_mode(check_transformed):
    check_transformed(
        "import torch\nx.cuda()\ny.cuda()\n",
        'import torch\nimport habana_frameworks.torch.core as htcore\nx.to("hpu")\ny.to("hpu")\n',
        RULE,
        mode="lazy",
    )


@pytest.mark.parametrize(
    "code",
    [
        "x.cuda(*where)",
        "x.cuda(**options)",
        "x.cuda(0, stream=s)",
        "restore(lambda storage, loc: storage.cuda())",
        "if x.type() == 'torch.cuda.HalfTensor':\n    pass",
    ],
)
def test_what_cannot_be_read_is_a_finding(run, code):
    result = run(f"import torch\n{code}\n", RULE, **NOW)
    assert not result.rounds
    assert [(finding.kind, finding.line) for finding in result.findings] == [(Kind.MANUAL, 2)]


def test_own_cuda_method_is_a_finding_and_its_super_call_stays(run):
    code = """\
    class Net(Base):
        def cuda(self, device=None):
            self.table = self.table.cuda()
            return super().cuda(device)
    """
    result = run(code, RULE, **NOW)
    assert [(finding.kind, finding.line) for finding in result.findings] == [(Kind.MANUAL, 2)]
    assert b'self.table.to("hpu")' in result.data
    assert b"super().cuda(device)" in result.data


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.cuda.synchronize()\n",
        "from numba import cuda\n@cuda.jit()\ndef f(): ...\n",
        "import numba\nnumba.cuda()\n",
        "args.cuda = True\nif args.cuda:\n    pass\n",
        "import torch\nx = torch.cuda.FloatTensor(sizes)\n",  # sizes or data? the API map's advice stands
        "import torch\nx = torch.cuda.DoubleTensor([1])\n",
        "class A:\n    @property\n    def is_cuda(self): ...\na.is_cuda\n",
        "self.is_cuda = True\nif self.is_cuda:\n    pass\n",
        "x.type(torch.float32)\n",
        "# x.cuda()\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE, **NOW)
