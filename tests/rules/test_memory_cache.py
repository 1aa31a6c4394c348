from __future__ import annotations

import pytest

RULE = "memory-cache"


def test_statements_go(check_transformed):
    check_transformed(
        """\
        import gc
        import torch

        def load(path):
            # the copies that were loaded are not needed any more
            torch.cuda.empty_cache()  # give them back
            gc.collect(); torch.cuda.ipc_collect()
            return path
        """,
        """\
        import gc
        import torch

        def load(path):
            # the copies that were loaded are not needed any more
            gc.collect()
            return path
        """,
        RULE,
    )


@pytest.mark.parametrize("test", ["args.use_cuda", "torch.cuda.is_available()", "not done and hasattr(torch, 'cuda')"])
def test_branch_that_only_asks_goes_too(check_transformed, test):
    before = f"import torch\nfor x in y:\n    step(x)\n    if {test}:\n        torch.cuda.empty_cache()\nend()\n"
    check_transformed(before, "import torch\nfor x in y:\n    step(x)\nend()\n", RULE)


def test_condition_that_may_do_something_stays(check_transformed):
    before = "import torch\nif begin():\n    torch.cuda.empty_cache()\n"
    check_transformed(before, "import torch\nif begin():\n    pass\n", RULE)


def test_aliases(check_transformed):
    check_transformed(
        "from torch.cuda import empty_cache\nx = 1\nempty_cache()\n",
        "from torch.cuda import empty_cache\nx = 1\n",
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ncleanup = torch.cuda.empty_cache\n",  # gpu-leftovers says what to do about it
        "import torch\ntorch.cuda.reset_peak_memory_stats()\n",  # there is torch.hpu's
        "pool.empty_cache()\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE)
