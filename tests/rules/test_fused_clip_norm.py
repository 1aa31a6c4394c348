from __future__ import annotations

import pytest

RULE = "fused-clip-norm"
IMPORT = "from habana_frameworks.torch.hpex.normalization import FusedClipNorm"


def test_it_is_built_before_the_outermost_loop(check_transformed):
    check_transformed(
        """\
        import torch
        def train(model, loader):
            # all epochs
            for epoch in range(3):
                for batch in loader:
                    model(batch).backward()
                    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        """,
        f"""\
        import torch
        {IMPORT}
        def train(model, loader):
            # all epochs
            fused_clip_norm = FusedClipNorm(model.parameters(), 1.0)
            for epoch in range(3):
                for batch in loader:
                    model(batch).backward()
                    fused_clip_norm.clip_norm(model.parameters())
        """,
        RULE,
    )


def test_it_is_built_after_the_model(check_transformed):
    check_transformed(
        """\
        from torch.nn.utils import clip_grad_norm_
        for fold in folds:
            model = build(fold)
            while model.goes_on:
                clip_grad_norm_(model.parameters(), max_norm=1, norm_type=2.0)
        """,
        f"""\
        {IMPORT}
        for fold in folds:
            model = build(fold)
            fused_clip_norm = FusedClipNorm(model.parameters(), 1)
            while model.goes_on:
                fused_clip_norm.clip_norm(model.parameters())
        """,
        RULE,
    )


def test_tests_that_stay_the_same_guard_it(check_transformed):
    check_transformed(
        """\
        import torch
        def train(args, model, loader):
            for step, batch in enumerate(loader):
                if args.clip is not None and (step + 1) % args.accumulate == 0:
                    torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        """,
        f"""\
        import torch
        {IMPORT}
        def train(args, model, loader):
            if args.clip is not None:
                fused_clip_norm = FusedClipNorm(model.parameters(), args.clip)
            for step, batch in enumerate(loader):
                if args.clip is not None and (step + 1) % args.accumulate == 0:
                    fused_clip_norm.clip_norm(model.parameters())
        """,
        RULE,
    )


def test_branches_have_their_own(check_transformed):
    check_transformed(
        """\
        import torch
        def train(args, model, optimizer, fused_clip_norm):
            for batch in fused_clip_norm:
                if args.fp16:
                    torch.nn.utils.clip_grad_norm_(
                        (p for g in optimizer.param_groups for p in g["params"]), args.norm
                    )
                else:
                    torch.nn.utils.clip_grad_norm_(model.parameters(), args.norm)
        """,
        f"""\
        import torch
        {IMPORT}
        def train(args, model, optimizer, fused_clip_norm):
            if args.fp16:
                fused_clip_norm_2 = FusedClipNorm((p for g in optimizer.param_groups for p in g["params"]), args.norm)
            if not args.fp16:
                fused_clip_norm_3 = FusedClipNorm(model.parameters(), args.norm)
            for batch in fused_clip_norm:
                if args.fp16:
                    fused_clip_norm_2.clip_norm(
                        (p for g in optimizer.param_groups for p in g["params"])
                    )
                else:
                    fused_clip_norm_3.clip_norm(model.parameters())
        """,
        RULE,
    )


def test_equal_calls_share_one(check_transformed):
    check_transformed(
        "import torch\nps = list(m.parameters())\nfor x in y:\n    torch.nn.utils.clip_grad_norm_(ps, 2.0)\n"
        "    torch.nn.utils.clip_grad_norm_(ps, 2.0)\n",
        f"import torch\n{IMPORT}\nps = list(m.parameters())\nfused_clip_norm = FusedClipNorm(ps, 2.0)\nfor x in y:\n"
        "    fused_clip_norm.clip_norm(ps)\n    fused_clip_norm.clip_norm(ps)\n",
        RULE,
    )


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("norm = clip_grad_norm_(m.parameters(), 1.0)", "what it returns is used"),
        ("clip_grad_norm_(m.parameters(), 1.0, norm_type=1)", "the norm is not the 2-norm"),
        ("clip_grad_norm_(m.parameters(), 1.0, norm_type=float('inf'))", "the norm is not the 2-norm"),
        ("clip_grad_norm_(m.parameters(), 1.0, error_if_nonfinite=True)", "it asks for an error where the norm is not"),
        ("clip_grad_norm_(*both)", "its arguments cannot be told"),
        ("clip_grad_norm_(m.parameters(), norm_of(step))", "the largest norm is worked out anew each time"),
        ("clip_grad_norm_(m.parameters(), norms[step])", "the parameters or the largest norm change in the loop"),
        ("clip_grad_norm_(unknown(), 1.0)", "it cannot be told whether its parameters can be asked for twice"),
        ("clip_grad_norm_(once, 1.0)", "it cannot be told whether its parameters can be asked for twice"),
        ("for p in m.parameters(): clip_grad_norm_(p, 1.0)", "each turn of a loop clips by a norm of its own"),
        ("if n and step: clip_grad_norm_(m.parameters(), n)", ""),
        ("if n > step: clip_grad_norm_(m.parameters(), n)", "a test in the loop that changes asks about the largest"),
        ("if n: print(n)\n    clip_grad_norm_(m.parameters(), n)", "another test in the loop asks about the largest"),
        (
            "m = wrap(m)\n    clip_grad_norm_(m.parameters(), 1.0)",
            "the parameters or the largest norm change in the loop",
        ),
    ],
)
def test_what_cannot_be_told_stays(run, call, why):
    code = f"from torch.nn.utils import clip_grad_norm_\nonce = m.parameters()\nfor step in y:\n    {call}\n"
    result = run(code, RULE)
    if why:
        assert result.data.decode() == code
        assert [why in f.message for f in result.findings] == [True]
    else:
        assert "if n:\n    fused_clip_norm = FusedClipNorm(m.parameters(), n)\nfor step" in result.data.decode()


def test_without_a_loop_it_is_a_finding(run):
    code = "import torch\ndef step(model):\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"
    result = run(code, RULE)
    assert result.data.decode() == code
    assert "no loop is around it here" in result.findings[0].message


def test_models_of_16_bits_stay(run):
    code = "import torch\nm.half()\nfor x in y:\n    torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0)\n"
    result = run(code, RULE)
    assert result.data.decode() == code
    assert "16-bit parameters" in result.findings[0].message


def test_compiled_functions_stay(run):
    code = (
        "import torch\n@torch.compile\ndef f(m):\n    for x in y:\n"
        "        torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0)\n"
    )
    assert run(code, RULE).data.decode() == code


def test_old_releases_kept_the_first_gradients(check_noop):
    check_noop(
        "import torch\nfor x in y:\n    torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0)\n", RULE, release="1.8"
    )


def test_other_names_strings_and_comments_stay(check_noop):
    check_noop(
        """\
        import torch
        from mylib import clip_grad_norm_
        for x in y:
            clip_grad_norm_(m.parameters(), 1.0)  # torch.nn.utils.clip_grad_norm_
            torch.nn.utils.clip_grad_value_(m.parameters(), 1.0)
            s = "clip_grad_norm_(m.parameters(), 1.0)"
        """,
        RULE,
    )


def test_line_ends_and_tabs_are_kept(run):
    code = (
        "import torch\r\ndef f(m):\r\n\tfor x in y:\r\n\t\tif m:\r\n"
        "\t\t\ttorch.nn.utils.clip_grad_norm_(m.parameters(), c)\r\n"
    )
    data = run(code, RULE).data
    assert b"\r\n\tif m:\r\n\t    fused_clip_norm = FusedClipNorm(m.parameters(), c)\r\n\tfor x" in data
    assert data.count(b"\n") == data.count(b"\r\n")
