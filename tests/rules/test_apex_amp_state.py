from __future__ import annotations

import pytest

RULE = "apex-amp-state"
HEAD = "import torch\nfrom apex import amp\nfrom apex.amp import _amp_state\n\n\n"


def in_function(code: str) -> str:
    lines = code.splitlines()
    return HEAD + "\n".join(
        ["def step(args, optimizer, loss):", *(f"    {line}" if line else "" for line in lines), ""]
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("amp._amp_state.loss_scalers[0]._loss_scale = args.scale\nx = 1", "x = 1"),
        ("scale = amp._amp_state.loss_scalers[0].loss_scale()", "scale = 1.0"),
        ("log(_amp_state.loss_scalers[i]._loss_scale, 'amp')", "log(1.0, 'amp')"),
        ("scale = _amp_state.loss_scalers[0].loss_scale() if args.fp16 else 1", "scale = 1.0"),
        ("scale = 1.0 if not args.fp16 else _amp_state.loss_scalers[0].loss_scale()", "scale = 1.0"),
        ("scale = _amp_state.loss_scalers[0].loss_scale() if args.fp16 else 2", "scale = 1.0 if args.fp16 else 2"),
        ("scale = _amp_state.loss_scalers[0].loss_scale() if poll() else 1", "scale = 1.0 if poll() else 1"),
        (
            "if args.fp16:\n    scaler = amp._amp_state.loss_scalers[0]\n    log(scaler.loss_scale())",
            "if args.fp16:\n    log(1.0)",
        ),
        ("optimizer._lazy_init_maybe_master_weights()\nx = 1", "x = 1"),
        ("if args.fp16:\n    optimizer._amp_stash.lazy_init_called = True\nx = 1", "x = 1"),
        ("for p in optimizer._amp_stash.all_fp32_from_fp16_params:\n    p.grad = None\nx = 1", "x = 1"),
        ("masters = list(a) + optimizer._amp_stash.all_fp32_from_fp16_params", "masters = list(a) + []"),
        (
            "use(self.optimizer._amp_stash.all_fp32_from_fp32_params)",
            'use([p for group in self.optimizer.param_groups for p in group["params"]])',
        ),
        ("if _amp_state.opt_properties.master_weights:\n    copy()\nx = 1", "x = 1"),
        ("if not amp._amp_state.opt_properties.master_weights and args.fp16:\n    a()\nelse:\n    b()", None),
        ("if args.fp16 and _amp_state.opt_properties.master_weights:\n    copy()\nelse:\n    b()", "b()"),
        ("if hasattr(optimizer, '_amp_stash'):\n    a()\nelif args.x:\n    b()", "if args.x:\n    b()"),
        ("if _amp_state.loss_scalers[0].loss_scale() > 1:  # big\n    a()\nb()", "b()"),
        ("use(_amp_state.opt_properties.loss_scale, _amp_state.opt_properties.master_weights)", "use(1.0, False)"),
    ],
)
def test_reads_and_statements(check_transformed, before, after):
    if after is None:
        after = "if not False and args.fp16:\n    a()\nelse:\n    b()"
    check_transformed(in_function(before), in_function(after), RULE)


OVERFLOW = """\
if args.fp16:
    scaler = _amp_state.loss_scalers[0]
    kept = scaler._overflow_buf
    scaler._overflow_buf = buffer
    overflow = scaler.update_scale()
    scaler._overflow_buf = kept
else:
    overflow = 0
"""


@pytest.mark.parametrize(
    ("test", "after"),
    [
        ("if overflow == 0:\n    # go\n    go()\nelse:\n    # stay\n    stay()", "# go\ngo()"),
        ("if not overflow:\n    go()", "go()"),
        ("if overflow:\n    stay()\nelse:\n    go()", "go()"),
        ("if overflow != 0 or args.never:\n    stay()", "if overflow != 0 or args.never:\n    stay()"),
        ("if not overflow and args.x:\n    go()\nif overflow:\n    stay()", "if not overflow and args.x:\n    go()"),
    ],
)
def test_no_overflow(run, test, after):
    result = run(in_function(OVERFLOW + test), RULE).data.decode()
    if "overflow" in after:
        kept = "if args.fp16:\n    overflow = False\nelse:\n    overflow = 0\n"
        assert result == in_function(kept + after)
    else:
        assert result == in_function(after)
    assert run(result, RULE).data.decode() == result


def test_a_variable_that_something_else_sets_is_not_known(check_transformed):
    code = "overflow = {}\nif late():\n    overflow = found()\nif overflow:\n    stay()"
    check_transformed(
        in_function(code.format("_amp_state.loss_scalers[0].update_scale()")), in_function(code.format("False")), RULE
    )


def test_blocks_inside_blocks_with_tabs_and_crlf(run):
    before = in_function(
        OVERFLOW + "if overflow == 0:\n    if a:\n        '''one\n        two'''\n        go()\nelse:\n    stay()\n"
    )
    after = in_function("if a:\n    '''one\n        two'''\n    go()\n")
    lines = [text.replace("    ", "\t").replace("\n", "\r\n") for text in (before, after)]
    assert run(lines[0], RULE).data.decode() == lines[1]


def test_aliases_of_module_and_object(check_transformed):
    code = "import apex.amp as mixed\nfrom apex.amp._amp_state import _amp_state as s\na = {}\nb = {}\n"
    check_transformed(
        code.format("mixed._amp_state.loss_scalers[0].loss_scale()", "s.loss_scalers[0].loss_scale()"),
        code.format("1.0", "1.0"),
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        "use(_amp_state.opt_properties.enabled)",
        "_amp_state.loss_scalers[0].unscale(a, b, 1.0)",
        "_amp_state.loss_scalers[0]._loss_scale = restore()",
        "for scaler in _amp_state.loss_scalers:\n    log(scaler)",
        "scaler = mine.loss_scalers[0]\nscaler._loss_scale = 1\nprint(scaler.loss_scale())",
        "text = '_amp_state.loss_scalers[0].loss_scale()'  # _amp_stash",
        "buffer = _amp_state.loss_scalers[0]._overflow_buf\nuse(buffer)",
    ],
)
def test_what_stays(check_noop, code):
    check_noop(in_function(code), RULE)


def test_releases_with_another_mixed_precision(check_noop):
    check_noop(in_function("scale = _amp_state.loss_scalers[0].loss_scale()"), RULE, release="1.7")


def test_a_shadowed_name_stays(check_noop):
    check_noop(HEAD + "def f(_amp_state):\n    return _amp_state.loss_scalers[0].loss_scale()\n", RULE)
