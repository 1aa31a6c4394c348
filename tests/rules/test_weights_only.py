from __future__ import annotations

import pytest

RULE = "weights-only"
HEAD = "import torch\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("torch.load(path)", "torch.load(path, weights_only=False)"),
        (
            'torch.load(path, map_location="cpu")["model"]',
            'torch.load(path, map_location="cpu", weights_only=False)["model"]',
        ),
        ("torch.load(f=file)", "torch.load(f=file, weights_only=False)"),
        ("torch.load(\n    path,\n    device,\n)", "torch.load(\n    path,\n    device,\n    weights_only=False,\n)"),
        ("torch.load(p for p in x)", "torch.load((p for p in x), weights_only=False)"),
    ],
)
def test_calls(check_transformed, before, after):
    check_transformed(f"{HEAD}x = {before}\n", f"{HEAD}x = {after}\n", RULE)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("from torch import load", "load"),
        ("import torch as th", "th.load"),
        ("from torch.serialization import load as read", "read"),
        ("import torch\nread = torch.load", "read"),
    ],
)
def test_names(check_transformed, head, name):
    check_transformed(f"{head}\nx = {name}(path)\n", f"{head}\nx = {name}(path, weights_only=False)\n", RULE)


@pytest.mark.parametrize(
    "code",
    [
        "x = torch.load(path, weights_only=True)\n",
        "x = torch.load(path, 'cpu', pickle)\n",
        "x = torch.load(path, pickle_module=dill)\n",
        "x = torch.jit.load(path)\n",
        "import json\nx = json.load(file)\n",
        "def f(torch):\n    return torch.load(path)\n",
        "# torch.load(path)\ntext = 'torch.load(path)'\n",
        "torch.load = patched\n",
    ],
)
def test_others_stay(run, code):
    result = run(HEAD + code, RULE)
    assert result.data.decode() == HEAD + code
    assert not result.findings


@pytest.mark.parametrize(
    "code",
    [
        "torch.save(model.state_dict(), 'w.pt')\nmodel.load_state_dict(torch.load('w.pt'))\n",
        "def f(args, model_to_save):\n    path = join(args.out, 'w.pt')\n"
        "    state = model_to_save.state_dict()\n    torch.save(state, f=path)\n    return torch.load(path)\n",
        "torch.save(self.net.state_dict(), args.out)\ntorch.load(args.out, map_location='cpu')\n",
    ],
)
def test_plain_weights_of_the_program_need_nothing(check_noop, code):
    check_noop(HEAD + code, RULE)


@pytest.mark.parametrize(
    "saved",
    [
        "torch.save({'model': model.state_dict(), 'args': args}, path)\n",
        "torch.save(model.state_dict(), path)\ntorch.save(loader, path)\n",
        "torch.save(loader.state_dict(), path)\n",
        "torch.save(model.state_dict(), other)\n",
        "def f(path):\n    torch.save(model.state_dict(), path)\n",
        "path = a\npath = b\ntorch.save(model.state_dict(), path)\n",
    ],
)
def test_what_may_hold_more_than_weights(check_transformed, saved):
    check_transformed(
        f"{HEAD}{saved}x = torch.load(path)\n", f"{HEAD}{saved}x = torch.load(path, weights_only=False)\n", RULE
    )


@pytest.mark.parametrize(
    "code",
    [
        "x = torch.load(hf_hub_download(name))\n",
        "x = torch.load(io.BytesIO(requests.get(url).content))\n",
        "x = torch.load(urlopen('https://example.org/w.pt'))\n",
        "path = cached_path(name)\npath = os.path.join(path, 'w.pt')\nx = torch.load(path)\n",
        "class A:\n    def f(self):\n        self.path = self.download(url)\n        return torch.load(self.path)\n",
        "x = torch.load(path, **options)\n",
        "x = torch.load(*arguments)\n",
        "x = list(map(torch.load, files))\n",
    ],
)
def test_files_of_strangers_and_odd_calls_are_reported(run, code):
    head = "import io, os, requests\nfrom hub import cached_path, hf_hub_download, urlopen\n"
    result = run(HEAD + head + code, RULE)
    assert result.data.decode() == HEAD + head + code
    assert len(result.findings) == 1


def test_reason_names_the_risk(run):
    result = run(f"{HEAD}x = torch.load(path)\n", RULE)
    assert "runs code" in result.rounds[0].fixes[0].reason


@pytest.mark.parametrize(("release", "refuses"), [("1.13", False), ("1.19", False), ("1.20", True), ("1.24", True)])
def test_releases(run, release, refuses):
    result = run(f"{HEAD}x = torch.load(path)\n", RULE, release=release)
    assert (b"weights_only" in result.data) is refuses


def test_crlf(check_transformed):
    check_transformed(
        f"{HEAD}x = torch.load(\r\n\tpath,  # here\r\n\tdevice)\r\n",
        f"{HEAD}x = torch.load(\r\n\tpath,  # here\r\n\tdevice,\r\n\tweights_only=False)\r\n",
        RULE,
    )


def test_with_the_rules_that_move_the_file_to_the_device(check_transformed):
    check_transformed(
        f'{HEAD}x = torch.load(path, map_location="cuda:0")\ny = torch.load(path, lambda s, l: s.cuda(0))\n',
        f'{HEAD}x = torch.load(path, map_location="hpu", weights_only=False)\n'
        f'y = torch.load(path, "hpu", weights_only=False)\n',
        *(RULE, "device-strings", "tensor-cuda"),
        mode="compile",
    )
