from __future__ import annotations

import pytest

RULE = "execution-mode"

SCRIPT = '''\
"""Trains."""
import argparse
import os

import numpy as np
import torch

if __name__ == "__main__":
    main()
'''


def test_lazy_mode_on_a_release_that_is_eager_by_default(check_transformed):
    check_transformed(
        SCRIPT,
        SCRIPT.replace("import numpy as np\n", 'os.environ.setdefault("PT_HPU_LAZY_MODE", "1")\nimport numpy as np\n'),
        RULE,
        release="1.24",
        mode="lazy",
    )


def test_eager_mode_on_a_release_that_is_lazy_by_default(check_transformed):
    check_transformed(
        SCRIPT,
        SCRIPT.replace("import numpy as np\n", 'os.environ.setdefault("PT_HPU_LAZY_MODE", "0")\nimport numpy as np\n'),
        RULE,
        release="1.19",
        mode="eager",
    )


def test_os_is_imported_where_it_is_not_there_yet(check_transformed):
    check_transformed(
        "from torch import nn\nif __name__ == '__main__':\n    main()\n",
        'import os\nos.environ.setdefault("PT_HPU_LAZY_MODE", "1")\n'
        "from torch import nn\nif __name__ == '__main__':\n    main()\n",
        RULE,
    )


@pytest.mark.parametrize(("release", "mode"), [("1.19", "lazy"), ("1.24", "eager")])
def test_the_default_mode_needs_nothing(check_noop, release, mode):
    check_noop(SCRIPT, RULE, release=release, mode=mode)


@pytest.mark.parametrize(
    "code",
    [
        "import torch\n",  # a module, not a script
        "import numpy\nif __name__ == '__main__':\n    main()\n",  # no torch
        "import os\nos.environ['PT_HPU_LAZY_MODE'] = '0'\nimport torch\nif __name__ == '__main__':\n    main()\n",
    ],
)
def test_left_alone(check_noop, code):
    check_noop(code, RULE)


def test_torch_that_is_imported_in_functions_only(check_transformed):
    head, body = '"""Trains."""\nimport os\n', "def main():\n    import torch\nif __name__ == '__main__':\n    main()\n"
    check_transformed(head + body, f'{head}os.environ.setdefault("PT_HPU_LAZY_MODE", "1")\n{body}', RULE)
