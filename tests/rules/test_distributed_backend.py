from __future__ import annotations

import pytest

RULE = "distributed-backend"
IMPORT = (
    "import habana_frameworks.torch.distributed.hccl"
    "  # noqa: F401  registers the hccl backend; before any use of the device\n"
)


def test_backend_argument_and_import_at_module_top(check_transformed):
    check_transformed(
        """\
        import os
        import torch
        import torch.distributed as dist

        def main():
            dist.init_process_group(backend="nccl", init_method="env://")
        """,
        f"""\
        import os
        import torch
        {IMPORT.strip()}
        import torch.distributed as dist

        def main():
            dist.init_process_group(backend="hccl", init_method="env://")
        """,
        RULE,
    )


def test_choice_between_backends_and_comparison(check_transformed):
    check_transformed(
        """\
        import torch
        backend = "nccl" if torch.cuda.is_available() else "gloo"
        torch.distributed.init_process_group(backend)
        if args.dist_backend == 'nccl':
            warm_up()
        parser.add_argument("--dist-backend", default="nccl")
        """,
        f"""\
        import torch
        {IMPORT.strip()}
        backend = "hccl" if torch.cuda.is_available() else "gloo"
        torch.distributed.init_process_group(backend)
        if args.dist_backend == 'hccl':
            warm_up()
        parser.add_argument("--dist-backend", default="hccl")
        """,
        RULE,
    )


def test_a_backend_that_comes_from_elsewhere_still_needs_the_import(check_transformed):
    check_transformed(
        "import torch\ntorch.distributed.init_process_group(args.backend)\n",
        f"import torch\n{IMPORT}torch.distributed.init_process_group(args.backend)\n",
        RULE,
    )


def test_a_comparison_alone_needs_no_import(check_transformed):
    check_transformed(
        "import torch.distributed as dist\nif dist.get_backend() == 'nccl':\n    pass\n",
        "import torch.distributed as dist\nif dist.get_backend() == 'hccl':\n    pass\n",
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.distributed.init_process_group('gloo')\n",
        'print("nccl")\n',
        "# init_process_group(backend='nccl')\nx = 1\n",
        'url = "https://docs.nvidia.com/nccl"\n',
        'os.environ["NCCL_DEBUG"] = "INFO"\n',
        'name = "nccl"\n',
        'parser.add_argument("--nccl", help="use nccl")\n',
    ],
)
def test_other_strings_stay(check_noop, code):
    check_noop(code, RULE)
