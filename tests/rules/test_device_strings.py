from __future__ import annotations

import pytest

from migrator.core.findings import Kind

RULE = "device-strings"
NOW = {"mode": "compile"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('torch.device("cuda")', 'torch.device("hpu")'),
        ("torch.device('cuda:1')", "torch.device('hpu')"),
        ('torch.device(type="cuda", index=0)', 'torch.device(type="hpu")'),
        ('torch.device("cuda", args.local_rank)', 'torch.device("hpu")'),
        ('torch.device("cuda" if use_cuda else "cpu", rank)', 'torch.device("hpu" if use_cuda else "cpu")'),
        ('torch.device(f"cuda:{rank}" if use else "cpu")', 'torch.device("hpu" if use else "cpu")'),
        ('torch.device(args.device or "cuda")', 'torch.device(args.device or "hpu")'),
        ('torch.device("cuda:" + str(rank))', 'torch.device("hpu")'),
        ('torch.device("cuda:%d" % rank)', 'torch.device("hpu")'),
        ("torch.device('cuda:{}'.format(max(rank, 0)))", "torch.device('hpu')"),
        ("torch.device('cuda' ':0')", "torch.device('hpu')"),
        ('model.to("cuda", torch.float32)', 'model.to("hpu", torch.float32)'),
        ('model.to(device="cuda:0")', 'model.to(device="hpu")'),
        ('torch.zeros(3, device="cuda")', 'torch.zeros(3, device="hpu")'),
        ('DataLoader(d, pin_memory_device="cuda")', 'DataLoader(d, pin_memory_device="hpu")'),
        ('torch.autocast("cuda", enabled=False)', 'torch.autocast("hpu", enabled=False)'),
        ('torch.autocast(device_type="cuda")', 'torch.autocast(device_type="hpu")'),
        ('torch.Generator("cuda")', 'torch.Generator("hpu")'),
        ('torch.set_default_device("cuda")', 'torch.set_default_device("hpu")'),
        ('torch.load(path, "cuda")', 'torch.load(path, "hpu")'),
        ('torch.load(path, map_location=f"cuda:{r}")', 'torch.load(path, map_location="hpu")'),
        ("torch.load(path, map_location={'cuda:0': 'cuda:%d' % r})", "torch.load(path, map_location='hpu')"),
        ("torch.load(path, map_location={'cuda:0': 'cpu'})", "torch.load(path, map_location='cpu')"),
        ('x.device.type == "cuda"', 'x.device.type == "hpu"'),
        ('args.device != "cuda"', 'args.device != "hpu"'),
        ('config["device"] == "cuda"', 'config["device"] == "hpu"'),
        ('args.device in ("cuda", "cpu")', 'args.device in ("hpu", "cpu")'),
        ('"cuda" in str(x.device)', '"hpu" in str(x.device)'),
        ('args.device.startswith("cuda")', 'args.device.startswith("hpu")'),
        ('x.device == torch.device("cuda:0")', 'x.device == torch.device("hpu:0")'),
        ('x.device == torch.device("cuda", 0)', 'x.device == torch.device("hpu", 0)'),
        ('config.get("device", "cuda")', 'config.get("device", "hpu")'),
        ('getattr(args, "device", "cuda")', 'getattr(args, "device", "hpu")'),
        ('options = {"device": "cuda", "cuda": 1}', 'options = {"device": "hpu", "cuda": 1}'),
        ('device = "cuda" if ok else "cpu"', 'device = "hpu" if ok else "cpu"'),
        ('self._device: str = "cuda"', 'self._device: str = "hpu"'),
        ('config["device"] = "cuda"', 'config["device"] = "hpu"'),
        ('device, name = "cuda", "cuda"', 'device, name = "hpu", "cuda"'),
        ('(device := "cuda")', '(device := "hpu")'),
        ('device: str = field(default="cuda")', 'device: str = field(default="hpu")'),
        (
            'flags.DEFINE_enum("base_device", "cuda", ["cuda"], "x")',
            'flags.DEFINE_enum("base_device", "hpu", ["hpu"], "x")',
        ),
        (
            'parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"], help="cuda")',
            'parser.add_argument("--device", default="hpu", choices=["hpu", "cpu"], help="cuda")',
        ),
    ],
)
def test_text_that_is_a_device(check_transformed, before, after):
    check_transformed(f"import torch\n{before}\n", f"import torch\n{after}\n", RULE, **NOW)


def test_parameters_and_results_named_device(check_transformed):
    check_transformed(
        """\
        def move(x, device="cuda", *, to_device="cuda:0", name="cuda"):
            return x

        def pick_device():
            return "cuda"

        for device in ["cpu", "cuda"]:
            move(1, device)
        """,
        """\
        def move(x, device="hpu", *, to_device="hpu", name="cuda"):
            return x

        def pick_device():
            return "hpu"

        for device in ["cpu", "hpu"]:
            move(1, device)
        """,
        RULE,
        **NOW,
    )


def test_name_that_reaches_torch(check_transformed):
    check_transformed(
        """\
        import torch

        def peak(rank):
            where = f"cuda:{max(rank, 0)}"
            return torch.cuda.max_memory_allocated(torch.device(where))

        def label(rank):
            where = f"cuda:{rank}"
            return where
        """,
        """\
        import torch

        def peak(rank):
            where = "hpu"
            return torch.cuda.max_memory_allocated(torch.device(where))

        def label(rank):
            where = f"cuda:{rank}"
            return where
        """,
        RULE,
        **NOW,
    )


def test_inside_an_f_string_the_quotes_stay(check_transformed):
    before = "import torch\nprint(f\"{torch.zeros(1, device='cuda')}\")\n"
    check_transformed(before, before.replace("'cuda'", "'hpu'"), RULE, **NOW)


def test_dropped_index_is_said(run):
    reasons = [
        run(f"import torch\n{code}\n", RULE, **NOW).rounds[0].fixes[0].reason
        for code in ('torch.device("cuda", 1)', 'torch.device("cuda:1")', 'torch.device("cuda")')
    ]
    assert ["index is dropped" in reason for reason in reasons] == [True, True, False]


@pytest.mark.parametrize("code", ['str(x.device) == "cuda:0"', 'torch.load(p, map_location={"cuda:0": other})'])
def test_what_cannot_be_told_is_a_finding(run, code):
    result = run(f"import torch\n{code}\n", RULE, **NOW)
    assert not result.rounds
    assert [finding.kind for finding in result.findings] == [Kind.MANUAL]


def test_use_loads_the_backend_and_an_option_does_not(check_transformed):
    core = "import habana_frameworks.torch.core as htcore\n"
    lazy = {"mode": "lazy"}
    check_transformed('import torch\nx.to("cuda")\n', f'import torch\n{core}x.to("hpu")\n', RULE, **lazy)
    check_transformed('if args.device == "cuda":\n    go()\n', 'if args.device == "hpu":\n    go()\n', RULE, **lazy)


@pytest.mark.parametrize(
    "code",
    [
        'print("cuda")\n',
        'rng["cuda"] = state\n',
        'if "cuda" in rng:\n    load(rng["cuda"])\n',
        'backend = "cuda"\n',
        'parser.add_argument("--no_cuda", help="cuda")\n',
        'parser.add_argument("--cuda", default=True)\n',
        'os.environ["CUDA_VISIBLE_DEVICES"] = "0"\n',
        'glob.glob(os.path.join(here, "cuda", "*.cu"))\n',
        'device = "https://docs.nvidia.com/cuda"\n',
        'log(device="no cuda device")\n',
        '"""cuda"""\n# device = "cuda"\n',
        'torch.device("hpu")\n',
    ],
)
def test_other_text_stays(check_noop, code):
    check_noop(code, RULE, **NOW)
