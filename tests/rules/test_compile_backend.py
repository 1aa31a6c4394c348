from __future__ import annotations

import pytest

RULE = "compile-backend"
HEAD = "import torch\nfrom torch import compile as build\n"


@pytest.mark.parametrize("mode", ["compile", "eager"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("m = torch.compile(m)", 'm = torch.compile(m, backend="hpu_backend")'),
        ("m = build(m, dynamic=True)", 'm = build(m, dynamic=True, backend="hpu_backend")'),
        ("m = torch.compile(m, backend='inductor')", 'm = torch.compile(m, backend="hpu_backend")'),
        ('m = torch.compile(m, mode="max-autotune")', 'm = torch.compile(m, backend="hpu_backend")'),
        (
            "m = torch.compile(m, options={'triton.cudagraphs': True}, backend='inductor', fullgraph=True)",
            'm = torch.compile(m, backend="hpu_backend", fullgraph=True)',
        ),
        ("@torch.compile\ndef f(x): return x", '@torch.compile(backend="hpu_backend")\ndef f(x): return x'),
        ("@torch.compile()\ndef f(x): return x", '@torch.compile(backend="hpu_backend")\ndef f(x): return x'),
        (
            "m = torch.compile(\n    m,\n    dynamic=False,\n)",
            'm = torch.compile(\n    m,\n    dynamic=False,\n    backend="hpu_backend",\n)',
        ),
    ],
)
def test_calls(check_transformed, before, after, mode):
    check_transformed(f"{HEAD}{before}\n", f"{HEAD}{after}\n", RULE, mode=mode)


def test_an_older_release_has_a_backend_of_its_own(check_transformed):
    before, after = "torch.compile(m)\n", 'torch.compile(m, backend="aot_hpu_training_backend")\n'
    check_transformed(HEAD + before, HEAD + after, RULE, mode="compile", release="1.13")


@pytest.mark.parametrize(
    "code",
    [
        "m = torch.compile(m, backend='hpu_backend')\n",
        "m = torch.compile(m, backend='aot_eager', mode='default')\n",
        "import re\nre.compile('torch.compile')\n",
        "def compile(x): return x\ncompile(1)\n",
        "# torch.compile(m)\n",
    ],
)
def test_what_it_leaves_alone(run, check_noop, code):
    check_noop(HEAD + code, RULE, mode="compile")
    assert run(HEAD + code, RULE, mode="compile").findings == ()


@pytest.mark.parametrize(
    "code",
    [
        "m = torch.compile(m, backend=args.backend)\n",
        "m = torch.compile(m, **options)\n",
        "start(torch.compile, m)\n",
    ],
)
def test_what_cannot_be_told_is_a_finding(run, code):
    result = run(HEAD + code, RULE, mode="compile")
    assert result.data.decode() == HEAD + code
    assert "not written out" in result.findings[0].message


@pytest.mark.parametrize(
    ("target", "words"),
    [({"mode": "lazy"}, "does not exist in lazy mode"), ({"mode": "eager", "release": "1.9"}, "has no torch.compile")],
)
def test_where_there_is_no_compiler_it_is_a_finding(run, target, words):
    code = HEAD + "m = torch.compile(m)\n"
    result = run(code, RULE, **target)
    assert result.data.decode() == code
    assert words in result.findings[0].message
