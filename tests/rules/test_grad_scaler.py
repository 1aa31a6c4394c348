from __future__ import annotations

import pytest

RULE = "grad-scaler"
DISABLED = 'torch.amp.GradScaler("hpu", enabled=False)'


def test_all_uses_go_together(check_transformed):
    check_transformed(
        """\
        import torch

        def train(model, loader, optimizer):
            scaler = torch.cuda.amp.GradScaler(init_scale=2.0 ** 16, enabled=True)
            for batch in loader:
                loss = model(batch)
                scaler.scale(loss).backward()

                scaler.unscale_(optimizer)  # for clipping
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
                print(scaler.get_scale())
        """,
        """\
        import torch

        def train(model, loader, optimizer):
            for batch in loader:
                loss = model(batch)
                loss.backward()

                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
                print(1.0)
        """,
        RULE,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("scaler.scale(a + b).backward()", "(a + b).backward()"),
        ("scaler.scale((a + b)).backward()", "(a + b).backward()"),
        ("scaler.scale(criterion(x, y)).backward(retain_graph=True)", "criterion(x, y).backward(retain_graph=True)"),
        ("scaler.scale(outputs=loss / 2).backward()", "(loss / 2).backward()"),
        ("scaled = scaler.scale(loss / 2)", "scaled = loss / 2"),
        ("loss = scaler.scale(loss)\nloss.backward()", "loss.backward()"),
        ("scaled = scaler.scale(\n    a +\n    b)", "scaled = (a +\n    b)"),
        ("scaler.scale(a if c else b).backward()", "(a if c else b).backward()"),
        ("scaler.step(self.optimizer)", "self.optimizer.step()"),
        ("scaler.step(optimizers[0], closure)", "optimizers[0].step(closure)"),
        ("scaler.step(optimizer=opt, closure=f)", "opt.step(closure=f)"),
        ("scaler.step(a or b)", "(a or b).step()"),
        ('state = {"scaler": scaler.state_dict()}', 'state = {"scaler": {}}'),
        ("scaler.update(); x = 1", "x = 1"),
        ("x = 1; scaler.unscale_(opt); scaler.update()", "x = 1"),
        ("if amp: scaler.step(opt); scaler.update()", "if amp: opt.step()"),
    ],
)
def test_forms(check_transformed, before, after):
    check_transformed(
        f"import torch\nscaler = torch.cuda.amp.GradScaler()\n{before}\n", f"import torch\n{after}\n", RULE
    )


def test_blocks_that_are_emptied(check_transformed):
    check_transformed(
        """\
        from torch.cuda.amp import GradScaler
        if args.amp:
            scaler = GradScaler()
        else:
            scaler = None
        if args.amp:
            scaler.scale(loss).backward()
        else:
            loss.backward()
        if args.amp and "scaler" in checkpoint:
            scaler.load_state_dict(checkpoint["scaler"])
        if ready:
            optimizer.zero_grad()
        elif args.amp:
            # not yet
            scaler.update()
        if draw():
            scaler.update()
        with record():
            scaler.unscale_(optimizer)
            scaler.update()
        """,
        """\
        from torch.cuda.amp import GradScaler
        if args.amp:
            loss.backward()
        else:
            loss.backward()
        if ready:
            optimizer.zero_grad()
        # not yet
        if draw():
            pass
        with record():
            pass
        """,
        RULE,
    )


def test_scaler_that_is_passed_on_stays_and_does_nothing(check_transformed):
    check_transformed(
        """\
        import torch
        from torch.cuda.amp import GradScaler

        def step(scaler, optimizer, loss):
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()

        def main():
            scaler = GradScaler(enabled=args.amp) if args.amp else None
            if scaler is not None:
                step(scaler, optimizer, loss)
        """,
        f"""\
        import torch
        from torch.cuda.amp import GradScaler

        def step(scaler, optimizer, loss):
            loss.backward()
            optimizer.step()

        def main():
            scaler = {DISABLED} if args.amp else None
            if scaler is not None:
                step(scaler, optimizer, loss)
        """,
        RULE,
    )


def test_scaler_in_an_attribute(check_transformed):
    check_transformed(
        """\
        import torch as th

        class Trainer:
            def __init__(self):
                self.scaler = th.amp.GradScaler("cuda")

            def step(self, loss):
                self.scaler.scale(loss).backward()
                self.scaler.step(self.optimizer)
                self.scaler.update()

            def load(self, state):
                self.scaler.load_state_dict(state["scaler"])
        """,
        """\
        import torch as th

        class Trainer:
            def __init__(self):
                self.scaler = th.amp.GradScaler("hpu", enabled=False)

            def step(self, loss):
                loss.backward()
                self.optimizer.step()

            def load(self, state):
                pass
        """,
        RULE,
    )


def test_unknown_use_keeps_the_object(check_transformed):
    check_transformed(
        """\
        import torch
        scaler = torch.cuda.amp.GradScaler()
        if scaler.is_enabled():
            scaler.scale(loss).backward()
        scalers = [scaler, torch.cuda.amp.GradScaler()]
        """,
        f"""\
        import torch
        scaler = {DISABLED}
        if scaler.is_enabled():
            loss.backward()
        scalers = [scaler, {DISABLED}]
        """,
        RULE,
    )


def test_old_torch_has_no_device_argument(check_transformed):
    check_transformed(
        "import torch\nuse(torch.cuda.amp.GradScaler(init_scale=1.0))\n",
        "import torch\nuse(torch.cuda.amp.GradScaler(enabled=False))\n",
        RULE,
        release="1.16",
    )


@pytest.mark.parametrize(
    "code",
    [
        "scaler = StandardScaler()\nscaler.update()\n",
        "from sklearn.preprocessing import GradScaler\nscaler = GradScaler()\nscaler.scale(x)\n",
        "# GradScaler\ndef f(scaler, loss):\n    scaler.scale(loss).backward()\n",
        "import torch\nscaler = StandardScaler()\nscaler.scale(x)\nGradScaler = 1\n",
    ],
)
def test_other_scalers_stay(check_noop, code):
    check_noop(code, RULE)


def test_before_autocast_nothing_is_known(check_noop):
    check_noop("import torch\nscaler = torch.cuda.amp.GradScaler()\n", RULE, release="1.7")
