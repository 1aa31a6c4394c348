from __future__ import annotations

import pytest

RULE = "nvtx"


def test_statements_blocks_and_decorators(check_transformed):
    check_transformed(
        """\
        import nvtx
        import torch
        from torch.cuda import nvtx as marks

        @nvtx.annotate("step", color="red")
        @torch.no_grad()
        def step(x):
            torch.cuda.nvtx.range_push(f"step {x}")
            with torch.cuda.nvtx.range("forward"):
                # the model
                y = f(x)
            with torch.no_grad(), marks.range("backward"):
                y = g(y)
            torch.cuda.nvtx.range_pop()
            return y
        """,
        """\
        import nvtx
        import torch
        from torch.cuda import nvtx as marks

        @torch.no_grad()
        def step(x):
            # the model
            y = f(x)
            with torch.no_grad():
                y = g(y)
            return y
        """,
        RULE,
    )


def test_profiler_switches(check_transformed):
    check_transformed(
        """\
        import torch
        for i, x in enumerate(data):
            if args.profile and i == 10:
                torch.cuda.profiler.start()
                torch.cuda.cudart().cudaProfilerStart()
            step(x)
            if i == 20: torch.cuda.profiler.stop()
        with torch.autograd.profiler.emit_nvtx():
            step(x)
        """,
        """\
        import torch
        for i, x in enumerate(data):
            step(x)
        step(x)
        """,
        RULE,
    )


def test_long_run_of_marks_settles(check_transformed):
    marks = "".join(f"    torch.cuda.nvtx.mark('{'x' * n}')\n" for n in range(40, 0, -1))
    check_transformed(f"import torch\ndef f():\n{marks}", "import torch\ndef f():\n    pass\n", RULE)


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nhandle = torch.cuda.nvtx.range_start('x')\n",
        "import torch\nwith torch.cuda.nvtx.range('x') as r:\n    f(r)\n",
        "import torch\nmark = torch.cuda.nvtx.mark\n",
        "import torch\ntorch.profiler.record_function('x')\n",
        "nvtx.mark('x')\n",  # a name of the file's own
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE)
