from __future__ import annotations

import pytest

RULE = "step-mark"


def test_after_backward_and_after_the_optimizer_step(check_transformed):
    check_transformed(
        """\
        import torch

        def train(model, batches):
            optimizer = torch.optim.AdamW(model.parameters())
            for batch in batches:
                loss = model(batch)
                loss.backward()  # gradients
                total += loss.item()
                optimizer.step()
                optimizer.zero_grad()
        """,
        """\
        import torch
        import habana_frameworks.torch.core as htcore

        def train(model, batches):
            optimizer = torch.optim.AdamW(model.parameters())
            for batch in batches:
                loss = model(batch)
                loss.backward()  # gradients
                htcore.mark_step()
                total += loss.item()
                optimizer.step()
                htcore.mark_step()
                optimizer.zero_grad()
        """,
        RULE,
    )


def test_once_after_an_if_else_whose_branches_end_that_way(check_transformed):
    check_transformed(
        """\
        import torch
        if args.fp16:
            with amp.scale_loss(loss, optimizer) as scaled:
                scaled.backward()
        elif args.amp:
            scaler.scale(loss).backward()
        else:
            loss.backward()
        done()
        """,
        """\
        import torch
        import habana_frameworks.torch.core as htcore
        if args.fp16:
            with amp.scale_loss(loss, optimizer) as scaled:
                scaled.backward()
        elif args.amp:
            scaler.scale(loss).backward()
        else:
            loss.backward()
        htcore.mark_step()
        done()
        """,
        RULE,
    )


def test_inside_a_branch_that_stands_alone(check_transformed):
    check_transformed(
        """\
        import torch
        if (step + 1) % accumulation == 0:
            optimizer.step()
            global_step += 1
        """,
        """\
        import torch
        import habana_frameworks.torch.core as htcore
        if (step + 1) % accumulation == 0:
            optimizer.step()
            htcore.mark_step()
            global_step += 1
        """,
        RULE,
    )


def test_one_line_suite_and_statements_that_share_a_line(check_transformed):
    check_transformed(
        "import torch\nif ready: loss.backward(); opt.step()\n",
        "import torch\nimport habana_frameworks.torch.core as htcore\n"
        "if ready: loss.backward(); htcore.mark_step(); opt.step(); htcore.mark_step()\n",
        RULE,
    )


def test_helper_functions_learn_from_their_callers(check_transformed):
    check_transformed(
        """\
        import torch
        def take(o):
            o.step()
        take(torch.optim.SGD(p, lr=1))
        """,
        """\
        import torch
        import habana_frameworks.torch.core as htcore
        def take(o):
            o.step()
            htcore.mark_step()
        take(torch.optim.SGD(p, lr=1))
        """,
        RULE,
    )


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nscheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)\nscheduler.step()\n",
        "import torch\nlr_scheduler.step()\nprofiler.step()\nenv.step(action)\n",
        "import torch\n@torch.compile\ndef step():\n    loss.backward()\n",
        "import torch\ndef step():\n    loss.backward()\nstep = torch.compile(step)\n",
        "import habana_frameworks.torch.core as ht\nloss.backward()\nht.mark_step()\n",
        "import mylib\nmylib.backward(loss)\n",
        "text = 'loss.backward()'  # optimizer.step()\n",
    ],
)
def test_left_alone(check_noop, code):
    check_noop(code, RULE)


@pytest.mark.parametrize("mode", ["eager", "compile"])
def test_only_lazy_mode_has_marks(check_noop, mode):
    check_noop("import torch\nloss.backward()\n", RULE, mode=mode)
