from __future__ import annotations

import pytest

from migrator.api_map_files import load_api_map
from migrator.core.findings import Kind
from migrator.rules import all_rules

RULE = "device-calls"
NOW = {"mode": "compile"}  # a mode in which `import torch` alone loads the backend
CORE = "import habana_frameworks.torch.core as htcore"


def test_calls_and_references(check_transformed):
    check_transformed(
        """\
        import torch

        def wait(device):
            torch.cuda.synchronize()
            print(torch.cuda.max_memory_allocated(device), torch.cuda.device_count())
            atexit.register(torch.cuda.synchronize)
        """,
        """\
        import torch

        def wait(device):
            torch.hpu.synchronize()
            print(torch.hpu.max_memory_allocated(device), torch.hpu.device_count())
            atexit.register(torch.hpu.synchronize)
        """,
        RULE,
        **NOW,
    )


def test_imported_names_get_the_whole_name_at_their_use(check_transformed):
    check_transformed(
        """\
        import os
        from torch.cuda import manual_seed_all, Stream as S
        manual_seed_all(1)
        side = S()
        """,
        """\
        import os
        from torch.cuda import manual_seed_all, Stream as S
        import torch
        torch.hpu.manual_seed_all(1)
        side = torch.hpu.Stream()
        """,
        RULE,
        **NOW,
    )


@pytest.mark.parametrize(
    ("imports", "use", "wanted"),
    [
        ("import torch as th", "th.cuda.init()", "th.hpu.init()"),
        ("import torch.cuda", "torch.cuda.init()", "torch.hpu.init()"),
        ("import torch\nimport torch.cuda as tc", "tc.init()", "torch.hpu.init()"),
        ("import torch\nfrom torch import cuda", "cuda.init()", "torch.hpu.init()"),
        ("import torch\ngpu = torch.cuda", "gpu.init()", "torch.hpu.init()"),
    ],
)
def test_aliases(check_transformed, imports, use, wanted):
    check_transformed(f"{imports}\n{use}\n", f"{imports}\n{wanted}\n", RULE, **NOW)


def test_alias_by_assignment_changes_where_it_is_assigned(check_transformed):
    before = "import torch\nsync = torch.cuda.synchronize\nsync()\n"
    check_transformed(before, "import torch\nsync = torch.hpu.synchronize\nsync()\n", RULE, **NOW)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("torch.cuda.synchronize(device)", "torch.hpu.synchronize()"),
        ("torch.cuda.synchronize(device=args.gpu)", "torch.hpu.synchronize()"),
        ("torch.cuda.get_device_name(0)", "torch.hpu.get_device_name()"),
        ("torch.cuda.get_device_name(args.local_rank)", "torch.hpu.get_device_name()"),
        ("torch.cuda.get_device_name(device)", "torch.hpu.get_device_name(device)"),
        ("torch.cuda.set_rng_state(state, local_rank)", "torch.hpu.set_rng_state(state)"),
        ("torch.cuda.memory_summary(device, abbreviated=True)", "torch.hpu.memory_summary(device)"),
        ("torch.cuda.memory_summary(0, abbreviated=True)", "torch.hpu.memory_summary()"),
        ("torch.cuda.manual_seed(0)", "torch.hpu.manual_seed(0)"),
    ],
)
def test_arguments_that_the_counterpart_does_not_know(check_transformed, before, after):
    check_transformed(f"import torch\n{before}\n", f"import torch\n{after}\n", RULE, **NOW)


@pytest.mark.parametrize("target", [{"release": "1.17", "mode": "eager"}, {"release": "1.23", "mode": "lazy"}])
def test_backend_is_imported_where_torch_does_not_load_it(check_transformed, target):
    before = "import os\nimport torch\ntorch.cuda.init()\ntorch.cuda.synchronize()\n"
    after = f"import os\nimport torch\n{CORE}\ntorch.hpu.init()\ntorch.hpu.synchronize()\n"
    check_transformed(before, after, RULE, **target)


def test_fix_carries_kind_reason_and_source_of_the_entry(run):
    (fix,) = run("import torch\ntorch.cuda.memory_reserved()\n", RULE, **NOW).rounds[0].fixes
    assert fix.kind is Kind.MATCH
    assert "whole pool" in fix.reason
    assert "gaudi-pytorch-bridge" in fix.source


def test_name_taken_by_something_else_is_a_finding(run):
    result = run("from torch.cuda import init\ndef f(torch):\n    init()\n", RULE, **NOW)
    assert not result.rounds
    assert [finding.kind for finding in result.findings] == [Kind.MANUAL]


def test_every_match_of_the_api_map_has_a_needle():
    matches = [entry.name.encode() for entry in load_api_map().entries if entry.kind is Kind.MATCH]
    assert matches
    assert [name for name in matches if not any(needle in name for needle in all_rules()[RULE].needles)] == []


def test_match_outside_torch_hpu_needs_no_backend(check_transformed):
    before = "import apex_C\nimport torch\nviews = apex_C.unflatten(flat, like)\n"
    after = "import apex_C\nimport torch\nviews = torch._utils._unflatten_dense_tensors(flat, like)\n"
    check_transformed(before, after, RULE, mode="lazy")


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.cuda.get_device_capability()\n",  # no match in the API map
        "import torch\ntorch.cuda.synchronize = None\n",
        "def f(torch):\n    torch.cuda.synchronize()\n",
        "class torch:\n    pass\ntorch.cuda.synchronize()\n",
        "try:\n    from torch.cuda import init\nexcept ImportError:\n    from mine import init\ninit()\n",
        "# torch.cuda.synchronize()\ntext = 'torch.cuda.synchronize()'\n",
        "import torch\ntorch.hpu.synchronize()\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE, **NOW)
