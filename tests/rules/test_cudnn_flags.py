from __future__ import annotations

import pytest

RULE = "cudnn-flags"


def test_switches_go_and_the_comment_above_stays(check_transformed):
    check_transformed(
        """\
        import torch
        import torch.backends.cudnn as cudnn

        def main(args):
            # the shapes never change
            cudnn.benchmark = not args.deterministic
            torch.backends.cudnn.deterministic = torch.backends.cudnn.enabled = True
            torch.backends.cuda.matmul.allow_tf32 = True
            torch.backends.cuda.enable_flash_sdp(False)
            run(args)
        """,
        """\
        import torch
        import torch.backends.cudnn as cudnn

        def main(args):
            # the shapes never change
            run(args)
        """,
        RULE,
    )


def test_branch_emptied_by_several_goes(check_transformed):
    check_transformed(
        """\
        import torch
        if args.seed is not None:
            torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.benchmark = False
        torch.manual_seed(1)
        """,
        """\
        import torch
        torch.manual_seed(1)
        """,
        RULE,
    )


def test_both_branches_emptied(check_transformed):
    check_transformed(
        """\
        import torch
        if args.fast:
            torch.backends.cudnn.benchmark = True
        else:
            torch.backends.cudnn.deterministic = True
        run()
        """,
        """\
        import torch
        run()
        """,
        RULE,
    )


def test_function_emptied_keeps_pass(check_transformed):
    flags = "    torch.backends.cudnn.benchmark = True\n    torch.backends.cudnn.enabled = True\n"
    before = f"import torch\ndef setup():\n{flags}"
    check_transformed(before, "import torch\ndef setup():\n    pass\n", RULE)


def test_flags_context_is_unwrapped(check_transformed):
    before = "import torch\nwith torch.backends.cudnn.flags(enabled=False):\n    a()\n    b()\n"
    check_transformed(before, "import torch\na()\nb()\n", RULE)


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nprint(torch.backends.cudnn.benchmark)\n",
        "import torch\ntorch.backends.cudnn.benchmark = choose(args)\n",  # the call may do more
        "import torch\ntorch.backends.cudnn.benchmark = args.fast = True\n",
        "args.cudnn.benchmark = True\n",
        "import torch\ntorch.backends.mkldnn.enabled = True\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE)


def test_a_comment_about_the_library_goes_with_its_switch(check_transformed):
    check_transformed(
        """\
        import torch

        def setup():
            # Shapes never change,
            # so cuDNN may search once.
            torch.backends.cudnn.benchmark = True
            # the same in every run
            torch.backends.cudnn.deterministic = True
            seed()
        """,
        """\
        import torch

        def setup():
            # the same in every run
            seed()
        """,
        "cudnn-flags",
    )


def test_a_branch_that_goes_takes_no_edit_twice(check_transformed):
    check_transformed(
        """\
        import torch
        if fast:
            # cuDNN may search
            torch.backends.cudnn.benchmark = True
        go()
        """,
        """\
        import torch
        # cuDNN may search
        go()
        """,
        "cudnn-flags",
    )
