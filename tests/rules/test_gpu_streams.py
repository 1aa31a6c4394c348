from __future__ import annotations

import pytest

RULE = "gpu-streams"
NOW = {"mode": "compile"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("torch.cuda.Event()", "torch.hpu.Event()"),
        ("torch.cuda.Event(enable_timing=True)", "torch.hpu.Event(enable_timing=True)"),
        ("torch.cuda.Event(True)", "torch.hpu.Event(True)"),
        ("torch.cuda.Event(blocking=True)", "torch.hpu.Event()"),
        ("torch.cuda.Event(t, True, False)", "torch.hpu.Event(enable_timing=t)"),
        (
            "torch.cuda.Event(blocking=True, enable_timing=args.t, interprocess=False)",
            "torch.hpu.Event(enable_timing=args.t)",
        ),
    ],
)
def test_events(check_transformed, before, after):
    check_transformed(f"import torch\n{before}\n", f"import torch\n{after}\n", RULE, **NOW)


def test_streams_are_renamed_by_device_calls(check_transformed):
    check_transformed(
        """\
        import torch
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            done = torch.cuda.Event()
        torch.cuda.current_stream().wait_stream(side)
        x.record_stream(torch.cuda.current_stream())
        """,
        """\
        import torch
        side = torch.hpu.Stream()
        with torch.hpu.stream(side):
            done = torch.hpu.Event()
        torch.hpu.current_stream().wait_stream(side)
        x.record_stream(torch.hpu.current_stream())
        """,
        RULE,
        "device-calls",
        **NOW,
    )


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.cuda.Event(interprocess=True)\n",
        "import torch\ntorch.cuda.Event(**options)\n",
        "import threading\nthreading.Event()\n",
    ],
)
def test_others_stay(check_noop, code):
    check_noop(code, RULE, **NOW)
