from __future__ import annotations

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import rewrite
from migrator.core.file import Context
from migrator.rules import all_rules

RULE = "gpu-migration"
STYLE = {"style": "gpu-migration"}

SCRIPT = '''\
"""Trains."""
import argparse
import os

import numpy as np
import torch

if __name__ == "__main__":
    main()
'''
VARIABLE = 'os.environ.setdefault("PT_HPU_GPU_MIGRATION", "1")\n'
BFLOAT16 = 'os.environ.setdefault("PT_HPU_CONVERT_FP16_TO_BF16_FOR_MIGRATION", "1")\n'
TOOLKIT = "import habana_frameworks.torch.gpu_migration  # noqa: F401  answers CUDA's names on Gaudi; before torch\n"
CORE = "import habana_frameworks.torch.core as htcore\n"


def started(*lines: str) -> str:
    return SCRIPT.replace("import numpy", "".join(lines) + "import numpy")


@pytest.mark.parametrize(
    ("release", "mode", "lines"),
    [
        ("1.9", "lazy", (TOOLKIT, CORE)),
        ("1.14", "eager", (TOOLKIT, CORE)),
        ("1.15", "lazy", (BFLOAT16, TOOLKIT, CORE)),
        ("1.16", "lazy", (BFLOAT16, TOOLKIT, CORE)),
        ("1.17", "eager", (VARIABLE, BFLOAT16, CORE)),
        ("1.18", "lazy", (VARIABLE, BFLOAT16, CORE)),
        ("1.24", "lazy", (VARIABLE, BFLOAT16, CORE)),
        ("1.18", "eager", (VARIABLE, BFLOAT16)),  # `import torch` alone loads the backend
        ("1.24", "compile", (VARIABLE, BFLOAT16)),
    ],
)
def test_how_a_release_starts_it(check_transformed, release, mode, lines):
    check_transformed(SCRIPT, started(*lines), RULE, release=release, mode=mode, **STYLE)


@pytest.mark.parametrize("style", ["native", "agnostic"])
def test_other_styles_do_without_it(check_noop, style):
    check_noop(SCRIPT, RULE, style=style)


def test_os_is_imported_where_it_is_not_there_yet(check_transformed):
    code = "from torch import nn\n\nif __name__ == '__main__':\n    main()\n"
    check_transformed(code, f"import os\n{VARIABLE}{BFLOAT16}{CORE}{code}", RULE, **STYLE)


def test_torch_that_is_imported_in_functions_only(check_transformed):
    before = '"""Trains."""\nfrom __future__ import annotations\nimport os\n'
    after = "def main():\n    import torch as t\n    t.cuda.synchronize()\n\nif __name__ == '__main__':\n    main()\n"
    check_transformed(before + after, f"{before}{VARIABLE}{BFLOAT16}{CORE}{after}", RULE, **STYLE)


def test_several_imports_on_a_line(check_transformed):
    check_transformed(
        "import sys; import torch\nif __name__ == '__main__':\n    main()\n",
        "import sys; import habana_frameworks.torch.gpu_migration; import habana_frameworks.torch.core as htcore; "
        "import torch\nif __name__ == '__main__':\n    main()\n",
        RULE,
        release="1.9",
        **STYLE,
    )


@pytest.mark.parametrize("loaded", ["import habana_frameworks.torch.core as ht\n", "import habana_frameworks.torch\n"])
def test_a_backend_that_is_loaded_already_is_not_loaded_again(check_transformed, loaded):
    code = f"import os\n{loaded}import torch\nif __name__ == '__main__':\n    main()\n"
    check_transformed(code, code.replace(loaded, VARIABLE + BFLOAT16 + loaded), RULE, **STYLE)


def test_what_the_script_says_of_a_variable_stands(check_transformed):
    own = "import os\nos.environ['PT_HPU_CONVERT_FP16_TO_BF16_FOR_MIGRATION'] = '0'\n"
    code = "import torch\nif __name__ == '__main__':\n    main()\n"
    check_transformed(own + code, own + VARIABLE + CORE + code, RULE, **STYLE)


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.cuda.synchronize()\n",  # a module, not a script
        "import numpy\nif __name__ == '__main__':\n    main()\n",  # no torch
        "torch = 'import torch'  # import torch\nif __name__ == '__main__':\n    main()\n",
        "from .torch import x\nif __name__ == '__main__':\n    main()\n",  # another torch
    ],
)
def test_left_alone(check_noop, code):
    check_noop(code, RULE, **STYLE)


def test_line_ends_stay():
    context = Context(make_target("1.24", "lazy", None, "gpu-migration"), load_api_map())
    result = rewrite("train.py", SCRIPT.replace("\n", "\r\n").encode(), [all_rules()[RULE]], context)
    assert result.data == started(VARIABLE, BFLOAT16, CORE).replace("\n", "\r\n").encode()


@pytest.mark.parametrize("names", [("execution-mode", RULE), (RULE, "execution-mode")])
@pytest.mark.parametrize("os", ["import os\n", ""])
def test_the_mode_is_chosen_before_anything_loads_the_backend(run, names, os):
    code = f"{os}import torch\nif __name__ == '__main__':\n    main()\n"
    lines = run(code, *names, release="1.24", mode="lazy", **STYLE).data.decode().splitlines()
    assert lines[0] == "import os"
    assert lines.count("import os") == 1
    assert sorted(lines[1:4]) == sorted(
        [VARIABLE.strip(), BFLOAT16.strip(), 'os.environ.setdefault("PT_HPU_LAZY_MODE", "1")']
    )
    assert lines[4:6] == [CORE.strip(), "import torch"]


def test_the_mode_comes_before_the_import_of_an_old_release(check_transformed):
    code = "import os\nimport torch\nif __name__ == '__main__':\n    main()\n"
    mode = 'os.environ.setdefault("PT_HPU_LAZY_MODE", "2")\n'
    check_transformed(
        code,
        code.replace("import torch", f"{mode}{TOOLKIT}{CORE}import torch"),
        "execution-mode",
        RULE,
        release="1.9",
        mode="eager",
        **STYLE,
    )


def test_step_marks_of_a_later_layer_use_the_import(run):
    code = "import torch\ndef main():\n    loss.backward()\nif __name__ == '__main__':\n    main()\n"
    first = run(code, RULE, release="1.24", mode="lazy", **STYLE).data.decode()
    marked = run(first, "step-mark", release="1.24", mode="lazy", **STYLE).data.decode()
    assert marked == first.replace("backward()\n", "backward()\n    htcore.mark_step()\n")
