from __future__ import annotations

from collections.abc import Callable

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import FileResult, rewrite
from migrator.core.file import Context
from migrator.rules import all_rules

RULE = "apex-optimizers"
HEAD = "import torch\nfrom apex.optimizers import FusedAdam, FusedSGD, FusedAdagrad\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FusedAdam(params)", "torch.optim.AdamW(params, weight_decay=0.0)"),
        ("FusedAdam(params, lr=1e-4, weight_decay=wd)", "torch.optim.AdamW(params, lr=1e-4, weight_decay=wd)"),
        ("FusedAdam(params, adam_w_mode=True)", "torch.optim.AdamW(params, weight_decay=0.0)"),
        ("FusedAdam(params, adam_w_mode=False, eps=1e-6)", "torch.optim.Adam(params, eps=1e-6)"),
        (
            "FusedAdam(params, 1e-4, True, (0.9, 0.98), 1e-6, True, 0.01, False, True)",
            "torch.optim.AdamW(params, 1e-4, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)",
        ),
        (
            "FusedAdam(params, bias_correction=True, amsgrad=False, weight_decay=0.1)",
            "torch.optim.AdamW(params, weight_decay=0.1)",
        ),
        (
            "FusedAdam(\n    params,\n    lr=1e-4,\n    set_grad_none=True,\n    betas=b,\n)",
            "torch.optim.AdamW(\n    params,\n    lr=1e-4,\n    betas=b,\n    weight_decay=0.0,\n)",
        ),
        (
            "FusedSGD(params, 0.1, 0.9, wd_after_momentum=False, materialize_master_grads=True)",
            "torch.optim.SGD(params, 0.1, 0.9)",
        ),
        ("FusedAdagrad(params, 0.1, 1e-8)", "torch.optim.Adagrad(params, 0.1, eps=1e-8)"),
        ("isinstance(optimizer, FusedAdam)", "isinstance(optimizer, torch.optim.AdamW)"),
    ],
)
def test_constructions(check_transformed, before, after):
    check_transformed(f"{HEAD}optimizer = {before}\n", f"{HEAD}optimizer = {after}\n", RULE)


def test_dictionary_of_arguments(check_transformed):
    code = HEAD + "kw = dict(lr=0.1, weight_decay=wd)\nlast = {{'lr': 1}}\na = {}\nb = {}\n"
    check_transformed(
        code.format("FusedAdam(params, **kw)", "FusedAdam(params, **last)"),
        code.format("torch.optim.AdamW(params, **kw)", "torch.optim.AdamW(params, **last, weight_decay=0.0)"),
        RULE,
    )


@pytest.mark.parametrize(
    "call",
    [
        "FusedAdam(params, bias_correction=False)",
        "FusedAdam(params, amsgrad=True)",
        "FusedAdam(params, adam_w_mode=args.adamw)",
        "FusedAdam(params, **options)",
        "FusedAdam(*arguments)",
        "FusedSGD(params, lr=1, wd_after_momentum=True)",
    ],
)
def test_what_torch_has_not_is_left_with_a_finding(run, call):
    result = run(f"{HEAD}optimizer = {call}\n", RULE)
    assert result.data.decode() == f"{HEAD}optimizer = {call}\n"
    assert [finding.line for finding in result.findings] == [3]


def test_full_name_and_alias(check_transformed):
    check_transformed(
        "import apex.optimizers as fused\nimport torch as th\no = fused.fused_adam.FusedAdam(p, weight_decay=0)\n",
        "import apex.optimizers as fused\nimport torch as th\no = th.optim.AdamW(p, weight_decay=0)\n",
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        "from apex.optimizers import FusedLAMB\no = FusedLAMB(p)\n",
        "from mine import FusedAdam  # apex\no = FusedAdam(p)\n",
        "from apex.optimizers import FusedAdam\nCLASSES = {'adam': FusedAdam}\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE)


def test_a_last_option_on_a_line_of_its_own_gives_way_to_a_default(check_transformed):
    check_transformed(
        "import apex\nimport torch\no = apex.optimizers.FusedAdam(\n    p,\n    set_grad_none=True,\n)\n",
        "import apex\nimport torch\no = torch.optim.AdamW(\n    p,\n    weight_decay=0.0,\n)\n",
        RULE,
    )


OWN = "import torch\nfrom apex.optimizers import FusedAdam, FusedLAMB\n"
OLD = "import torch\nfrom apex.contrib.optimizers import FusedAdam\n"


@pytest.fixture
def offered() -> Callable[..., FileResult]:
    """offered(code): the rules run in a layer that has both modules; a second run changes nothing."""

    def offered(code: str, *names: str, path: str = "train.py", beside: tuple[str, ...] = ()) -> FileResult:
        facts = make_target(None, None, None, None)
        context = Context(facts, load_api_map(), frozenset({path, *beside}), frozenset({"lamb", "fused_adam"}))
        rules = [all_rules()[name] for name in (RULE, *names)]
        result = rewrite(path, code.encode(), rules, context)
        assert rewrite(path, result.data, rules, context).data == result.data
        return result

    return offered


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FusedAdam(params, lr=1e-4, bias_correction=False)", None),
        ("FusedAdam(params, 1e-4, False, (0.9, 0.98))", None),
        ("FusedAdam(params, adam_w_mode=args.adamw, **options)", None),
        ("FusedAdam(*arguments)", None),
        ("FusedAdam(params, master_weights=True, capturable=True)", None),
        ("FusedAdam(params, 1e-4)", "torch.optim.AdamW(params, 1e-4, weight_decay=0.0)"),
        (
            "FusedAdam(params, bias_correction=False, max_grad_norm=1.0)",
            "fused_adam.FusedAdam(params, bias_correction=False, max_grad_norm=1.0)",
        ),
        (
            "FusedAdam(params, max_grad_norm=1.0, use_mt=True)",
            "fused_adam.FusedAdam(params, max_grad_norm=1.0, correct_step=True)",
        ),
    ],
)
def test_what_torch_has_not_goes_to_the_module(offered, before, after):
    result = offered(f"{OWN}optimizer = {before}\n").data.decode()
    after = after or f"fused_adam.{before}"
    imports = OWN if after.startswith("torch.") else OWN.replace("import torch\n", "import torch\nimport fused_adam\n")
    assert result == f"{imports}optimizer = {after}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FusedAdam(params)", "fused_adam.FusedAdam(params, correct_step=True)"),
        ("FusedAdam(params, bias_correction=False)", "fused_adam.FusedAdam(params, bias_correction=False)"),
        (
            "FusedAdam(p, 1e-3, on, (0.9, 0.9), 1e-8, True, 0.1, 1.0, False, True, 1.0)",
            "fused_adam.FusedAdam(p, 1e-3, on, (0.9, 0.9), 1e-8, "
            "eps_inside_sqrt=True, weight_decay=0.1, max_grad_norm=1.0, correct_step=True)",
        ),
    ],
)
def test_the_older_class(offered, before, after):
    result = offered(f"{OLD}optimizer = {before}\n").data.decode()
    assert result == OLD.replace("import torch\n", "import torch\nimport fused_adam\n") + f"optimizer = {after}\n"


@pytest.mark.parametrize(
    "call",
    [
        "FusedAdam(params, amsgrad=True)",
        "FusedAdam(params, amp_scale_adjustment=2.0, use_mt=True)",
        "FusedAdam(*a, use_mt=True)",
    ],
)
def test_what_the_module_has_not_either(offered, call):
    result = offered(f"{OWN}optimizer = {call}\n")
    assert result.data.decode() == f"{OWN}optimizer = {call}\n"
    assert [finding.line for finding in result.findings] == [3]


def test_isinstance_names_what_the_file_makes(offered):
    code = "a = FusedAdam(p, bias_correction=False)\nprint(isinstance(a, FusedAdam))\n"
    result = offered(OWN + code).data.decode()
    assert result.endswith("print(isinstance(a, fused_adam.FusedAdam))\n")
    assert (
        "isinstance(a, torch.optim.AdamW)" in offered(OWN + code.replace("p, bias_correction=False", "p")).data.decode()
    )


@pytest.mark.parametrize(
    ("path", "beside", "dotted"),
    [
        ("train.py", (), "lamb"),
        ("a/train.py", ("a/model.py",), "lamb"),
        ("a/train.py", ("a/__init__.py", "a/model.py"), "lamb"),
        ("a/train.py", ("a/__init__.py",), ".lamb"),
    ],
)
def test_lamb_is_imported_as_what_is_beside_the_file(offered, path, beside, dotted):
    code = "import torch\nimport model\nfrom apex.optimizers import FusedLAMB  # fused\noptimizer = FusedLAMB(params)\n"
    result = offered(code, path=path, beside=beside).data.decode()
    assert result == code.replace("apex.optimizers", dotted)


def test_lamb_in_a_file_with_relative_imports(offered):
    code = "from .model import Model\nfrom apex.optimizers import FusedLAMB as L\noptimizer = L(params)\n"
    assert offered(code, path="a/b.py").data.decode() == code.replace("apex.optimizers", ".lamb")


@pytest.mark.parametrize("indent", ["    ", "\t"])
def test_lamb_imported_in_a_try(offered, indent):
    head = "import torch\n"
    code = (
        "if fp16:\n    try:\n        from apex.optimizers import FusedLAMB\n    except ImportError:\n"
        "        raise ImportError('install apex')\n    optimizer = FusedLAMB(p)\n"
    ).replace("    ", indent)
    result = offered((head + code).replace("\n", "\r\n"), "gpu-imports").data.decode()
    after = f"{head}import lamb\nif fp16:\n{indent}optimizer = lamb.FusedLAMB(p)\n"
    assert result == after.replace("\n", "\r\n")


def test_lamb_by_its_full_name(offered):
    code = "import apex\nCLASSES = {'lamb': apex.optimizers.FusedLAMB}\n"
    assert offered(code, "gpu-imports").data.decode() == "import lamb\nCLASSES = {'lamb': lamb.FusedLAMB}\n"


@pytest.mark.parametrize(
    ("code", "path", "beside"),
    [
        ("from apex.optimizers import FusedLAMB\nFusedLAMB(p)\n", "train.py", ("lamb.py",)),
        ("from apex.optimizers import FusedLAMB\nFusedLAMB(p)\n", "a/part.py", ()),
        ("from apex.optimizers import FusedLAMB\nFusedLAMB(p)\nif __name__: f()\n", "a/b.py", ("a/__init__.py",)),
        ("import apex\nlamb = 1\napex.optimizers.FusedLAMB(p)\n", "train.py", ()),
        ("import apex\ndef f(fused_adam):\n    apex.optimizers.FusedAdam(p, bias_correction=x)\n", "train.py", ()),
    ],
)
def test_where_no_module_can_be_put(offered, code, path, beside):
    result = offered(code, path=path, beside=beside)
    assert result.data.decode() == code
    assert len(result.findings) == 1


def test_names_in_text_and_other_classes_stay(offered):
    code = "from mine import FusedLAMB  # apex.optimizers.FusedLAMB\nFusedLAMB(p, 'apex.optimizers.FusedLAMB')\n"
    assert offered(code).data.decode() == code
