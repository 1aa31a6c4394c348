from __future__ import annotations

import pytest

RULE = "bf16-numpy"
HEAD = """\
import torch
import torch.nn.functional as F

with torch.autocast("hpu", dtype=torch.bfloat16):
    logits = model(batch)
    loss, scores = net(batch)
    out = self.model(**batch)
    found_ids, rest = model(batch)
plain = model(batch)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("logits.numpy()", "logits.float().numpy()"),
        ("logits.detach().cpu().numpy()", "logits.detach().cpu().float().numpy()"),
        ("logits.to('cpu').numpy()[0]", "logits.to('cpu').float().numpy()[0]"),
        ("scores.data.view(-1).cpu().numpy()", "scores.data.view(-1).cpu().float().numpy()"),
        ("out.logits.cpu().numpy()", "out.logits.cpu().float().numpy()"),
        ('out["logits"][0].numpy()', 'out["logits"][0].float().numpy()'),
        ("F.softmax(logits, dim=-1).cpu().numpy()", "F.softmax(logits, dim=-1).cpu().float().numpy()"),
        ("torch.sigmoid(rest).numpy()", "torch.sigmoid(rest).float().numpy()"),
        ("logits.cpu()\\\n    .numpy()", "logits.cpu()\\\n    .float().numpy()"),
        ("(-logits / 2).cpu().numpy()", "(-logits / 2).cpu().float().numpy()"),
        ("np.append(a, logits.numpy(force=True))", "np.append(a, logits.float().numpy(force=True))"),
    ],
)
def test_results_of_a_model_under_autocast(check_transformed, before, after):
    check_transformed(f"{HEAD}x = {before}\n", f"{HEAD}x = {after}\n", RULE)


@pytest.mark.parametrize(
    "code",
    [
        "logits.float().cpu().numpy()",
        "logits.to(torch.float32).numpy()",
        "logits.softmax(-1, dtype=torch.float32).numpy()",
        "logits.argmax(-1).cpu().numpy()",
        "(logits > 0).numpy()",
        "(logits > 0).cpu().numpy()",
        "torch.argmax(logits, -1).numpy()",
        "torch.arange(3).numpy()",
        "labels.numpy()",
        "batch['input_ids'].numpy()",
        "plain.numpy()",
        "logits.to('cpu')",
        "np.numpy(logits)",
        "'logits.numpy()'  # logits.numpy()",
    ],
)
def test_others_stay(run, code):
    text = f"import numpy as np\n{HEAD}x = {code}\n"
    result = run(text, RULE)
    assert result.data.decode() == text
    assert not result.findings


@pytest.mark.parametrize(
    "code", ["found_ids.numpy()", "anything.cpu().numpy()", "(logits * anything).numpy()", "helper(batch).numpy()"]
)
def test_values_of_which_nothing_is_known_are_reported(run, code):
    result = run(f"from mine import helper\n{HEAD}def f(anything):\n    return {code}\n", RULE)
    assert not result.rounds
    assert [finding.api for finding in result.findings] == [code]


def test_name_that_is_bound_again(check_transformed):
    check_transformed(
        f"{HEAD}logits = logits.detach().cpu().numpy()\n",
        f"{HEAD}logits = logits.detach().cpu().float().numpy()\n",
        RULE,
    )


def test_only_one_branch_under_autocast(check_transformed):
    code = """\
    import torch
    def step(batch):
        if amp:
            with torch.cuda.amp.autocast():
                y = model(batch)
        else:
            y = model(batch)
        return y.cpu().{}numpy()
    """
    check_transformed(code.format(""), code.format("float()."), RULE)


@pytest.mark.parametrize(
    "code",
    [
        "@torch.autocast('hpu', dtype=torch.bfloat16)\ndef f(x):\n    return model(x).{}numpy()\n",
        "def f(x):\n    amp = torch.cuda.amp.autocast() if on else nullcontext()\n    with amp:\n"
        "        y = model(x)\n    return y.{}numpy()\n",
        "model.bfloat16()\ny = model(x).{}numpy()\n",
        "model.to('hpu', dtype=torch.bfloat16)\ny = model(x)\nz = y.cpu().{}numpy()\n",
        "layer = torch.nn.Linear(2, 2)\nwith torch.autocast('hpu'):\n    y = layer(x)\nz = y.{}numpy()\n",
    ],
)
def test_ways_to_bfloat16(check_transformed, code):
    head = "import torch\nfrom contextlib import nullcontext\n"
    check_transformed(head + code.format(""), head + code.format("float()."), RULE)


@pytest.mark.parametrize(
    "code",
    [
        "with torch.autocast('hpu', dtype=torch.float16):\n    y = model(x)\nz = y.numpy()\n",
        "with torch.autocast('hpu', enabled=False):\n    y = model(x)\nz = y.numpy()\n",
        "def f(x, autocast):\n    with autocast():\n        y = model(x)\n    return y.numpy()\n",
    ],
)
def test_other_precision(check_noop, code):
    check_noop(f"import torch\n{code}", RULE)


def test_with_the_rule_that_ports_autocast(check_transformed):
    check_transformed(
        "import torch\nfrom torch.cuda.amp import autocast\nwith autocast():\n\ty = model(x)\nz = y.cpu().numpy()\n",
        'import torch\nfrom torch.cuda.amp import autocast\nwith torch.autocast("hpu", dtype=torch.bfloat16):\n'
        "\ty = model(x)\nz = y.cpu().float().numpy()\n",
        *(RULE, "autocast"),
        mode="compile",
    )
