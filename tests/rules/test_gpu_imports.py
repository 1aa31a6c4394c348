from __future__ import annotations

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import rewrite
from migrator.core.file import Context
from migrator.rules import all_rules

RULE = "gpu-imports"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import torch\nfrom apex import amp\nx = 1\n", "import torch\nx = 1\n"),
        ("import torch, amp_C, apex_C\nx = 1\n", "import torch\nx = 1\n"),
        ("import amp_C, torch\n", "import torch\n"),
        ("import apex, apex.amp\nimport apex.normalization as n\nx = 1\n", "x = 1\n"),
        ("from torch.cuda.amp import autocast, GradScaler\nx = 1\n", "x = 1\n"),
        ("from torch.cuda import amp\nx = 1\n", "x = 1\n"),
        ("import os; import pynvml\nx = 1\n", "import os\nx = 1\n"),
        ("from apex.fp16_utils import *\nprint(1)\n", "print(1)\n"),
        ("import torch\n\nfrom apex import amp\n\nx = 1\n", "import torch\n\nx = 1\n"),
        ("from apex import amp", ""),
        (
            "from apex.optimizers import (\n    FusedAdam,  # Adam\n    FusedLAMB,  # LAMB\n)\nFusedAdam(p)\n",
            "from apex.optimizers import (\n    FusedAdam,  # Adam\n)\nFusedAdam(p)\n",
        ),
        ("def f():\n    from apex import amp\n    import amp_C\n", "def f():\n    pass\n"),
        ("if TYPE_CHECKING:\n    import apex\n    import amp_C\nx = 1\n", "x = 1\n"),
    ],
)
def test_unused_imports(check_transformed, before, after):
    check_transformed(before, after, RULE)


@pytest.mark.parametrize(
    "code",
    [
        "from apex import amp\namp.initialize(m)\n",
        "import torch\nimport torch.cuda\nimport torch.cuda.amp\n",
        "from torch.nn.parallel import DistributedDataParallel\n",
        "from apex import amp  # noqa: F401\n",
        "from apex import amp\n__all__ = ['amp']\n",
        "from .apex import amp\n",
        "if TYPE_CHECKING:\n    from triton import Config\ndef f(x: 'list[Config]') -> 'Literal[\"a b\"]': pass\n",
        "from apex.fp16_utils import *\nFP16_Optimizer(o)\n",
        "import numpy\nimport json\n",
        "import pycuda.driver as cuda\nimport pycuda.autoinit\ncuda.init()\n",
        "def f():\n    amp = 1\n    return g(amp)\nfrom apex import amp\ng(amp)\n",
    ],
)
def test_imports_that_stay(check_noop, code):
    check_noop(code, RULE)


def test_name_of_another_scope_is_no_use(check_transformed):
    check_transformed(
        "from apex import amp\ndef f(amp):\n    return amp.state\n", "def f(amp):\n    return amp.state\n", RULE
    )


def test_flag_that_is_read_keeps_what_the_handler_says(check_transformed):
    check_transformed(
        """\
        import torch

        try:
            from apex import amp  # mixed precision
            from apex.parallel import DistributedDataParallel as ApexDDP

            APEX_AVAILABLE = True
        except ImportError:
            print("install apex for better speed")
            APEX_AVAILABLE = False

        if APEX_AVAILABLE:
            start()
        """,
        """\
        import torch

        APEX_AVAILABLE = False

        if APEX_AVAILABLE:
            start()
        """,
        RULE,
    )


def test_flag_in_the_else_branch_and_one_line_handler(check_transformed):
    check_transformed(
        """\
        try:
            import apex
        except (ImportError, ModuleNotFoundError): HAS_APEX = False
        else:
            HAS_APEX = True
        print(HAS_APEX)
        """,
        """\
        HAS_APEX = False
        print(HAS_APEX)
        """,
        RULE,
    )


def test_flag_that_nothing_reads_goes_in_a_script_and_stays_in_a_module(check_transformed):
    attempt = "try:\n    import apex\n    HAS_APEX = True\nexcept ImportError:\n    HAS_APEX = False\n\n"
    script = "if __name__ == '__main__':\n    main()\n"
    check_transformed(attempt + script, script, RULE)
    check_transformed(attempt + "x = 1\n", "HAS_APEX = False\n\nx = 1\n", RULE)


def test_demand_to_install_the_package_goes(check_transformed):
    check_transformed(
        """\
        import os

        try:
            from apex import amp
            from apex.fp16_utils import *
        except ImportError:
            raise ImportError("Please install apex")

        print(os.name)
        """,
        """\
        import os

        print(os.name)
        """,
        RULE,
    )


def test_replacement_is_taken_although_the_name_is_used(check_transformed):
    check_transformed(
        '''\
        try:
            from apex.optimizers import FusedLAMB as Lamb
        except ImportError:
            # written out
            class Lamb:
                """Layer-wise
                adaptive moments."""

                rate = 1  # learning rate
            # end of it

        Lamb()
        ''',
        '''\
        class Lamb:
            """Layer-wise
                adaptive moments."""

            rate = 1  # learning rate
        # end of it

        Lamb()
        ''',
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    from apex import amp\nexcept ImportError:\n    amp = None\nif amp:\n    amp.initialize(m)\n",
        "try:\n    from apex import amp\nexcept ImportError as e:\n    raise Gone(e)\namp.initialize(m)\n",
        "try:\n    import apex\nfinally:\n    done()\napex.amp\n",
        "try:\n    import numpy\nexcept ImportError:\n    numpy = None\n",
        "try:\n    import apex\n    OK = True\nexcept ImportError:\n    raise\nprint(OK)\n",
    ],
)
def test_attempts_that_stay(check_noop, code):
    check_noop(code, RULE)


def test_package_keeps_its_names():
    context = Context(make_target(None, None, None, None), load_api_map())
    code = b"from apex import amp\n"
    assert rewrite("package/__init__.py", code, [all_rules()[RULE]], context).data == code


def test_gpu_migration_stands_in_for_the_packages_while_the_program_runs(check_noop):
    check_noop("import torch\nimport amp_C\nfrom apex import amp\n", RULE, style="gpu-migration")
