"""What names stand for."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from migrator.core.file import File

Parsed = Callable[[str], File]


def meant(file: File, text: str) -> set[str]:
    """What the last expression that is written `text` may stand for."""
    nodes = [n for n in file.index.nodes if isinstance(n, (ast.Name, ast.Attribute, ast.Call)) and file.text(n) == text]
    return set(file.names(max(nodes, key=lambda n: (n.lineno, n.col_offset))))


@pytest.mark.parametrize(
    ("code", "text", "names"),
    [
        ("import torch\ntorch.cuda", "torch.cuda", {"torch.cuda"}),
        ("import torch.cuda\ntorch.cuda", "torch.cuda", {"torch.cuda"}),
        ("import torch.cuda as tc\ntc.amp", "tc.amp", {"torch.cuda.amp"}),
        ("from torch import cuda\ncuda.amp", "cuda.amp", {"torch.cuda.amp"}),
        ("from torch.cuda import amp as a\na.x", "a.x", {"torch.cuda.amp.x"}),
        ("from . import cuda\ncuda.x", "cuda.x", {".cuda.x"}),
        ("from ..torch import cuda\ncuda", "cuda", {"..torch.cuda"}),
        ("from torch import *\ncuda", "cuda", set()),
        ("cuda.x", "cuda.x", set()),
        ("import torch\nc = torch.cuda\nd = c.amp\nd.x", "d.x", {"torch.cuda.amp.x"}),
        ("import torch\nc: object = torch.cuda\nc", "c", {"torch.cuda"}),
        ("import torch\n(c := torch.cuda)\nc", "c", {"torch.cuda"}),
        ("try:\n import apex as a\nexcept ImportError:\n import torch.amp as a\na.x", "a.x", {"apex.x", "torch.amp.x"}),
        ("try:\n import apex\nexcept ImportError:\n apex = None\napex", "apex", {"apex"}),
        ("import torch\nc, d = torch.cuda, 1\nc", "c", set()),
        ("import torch\ntorch.cuda.f().cuda()", "torch.cuda.f().cuda()", set()),
        ("import torch\nx = torch.cuda()\nx.y", "x.y", set()),
        ("import torch\nx = torch['cuda']\nx.y", "x.y", set()),
    ],
)
def test_imports_and_aliases(parsed: Parsed, code: str, text: str, names: set[str]) -> None:
    assert meant(parsed(code), text) == names


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ndef f(torch):\n  return torch.x",
        "import torch\ndef f(*torch):\n  return torch.x",
        "import torch\ndef f(*, torch=1):\n  return torch.x",
        "import torch\nf = lambda torch: torch.x",
        "import torch\ndef f():\n  torch = g()\n  return torch.x",
        "import torch\ndef f():\n  torch += 1\n  return torch.x",
        "import torch\ndef f():\n  torch: int\n  return torch.x",
        "import torch\ndef f():\n  for torch in g():\n    torch.x",
        "import torch\ndef f():\n  with g() as torch:\n    torch.x",
        "import torch\ndef f():\n  with g() as (torch, b):\n    torch.x",
        "import torch\ndef f():\n  try: pass\n  except E as torch:\n    torch.x",
        "import torch\ndef f(a):\n  match a:\n    case {'b': torch}:\n      torch.x",
        "import torch\ndef f(a):\n  match a:\n    case {**torch}:\n      torch.x",
        "import torch\n[torch.x for torch in g()]",
        "import torch\n{torch.x for a in b for torch in a}",
        "import torch\ndef f():\n  def torch(): pass\n  torch.x",
        "import torch\nclass A:\n  def f(self):\n    torch = 1\n    class B:\n      torch.x",
    ],
)
def test_shadowed_names_mean_nothing(parsed: Parsed, code: str) -> None:
    assert meant(parsed(code), "torch.x") == set()


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ndef f(torch=torch.x): pass",
        "import torch\ndef f(torch, *, a=torch.x): pass",
        "import torch\ndef f(torch: torch.x): pass",
        "import torch\ndef f(torch) -> torch.x: pass",
        "import torch\n@torch.x\ndef f(torch): pass",
        "import torch\n@torch.x\nclass A:\n  torch = 1",
        "import torch\nclass A(torch.x):\n  torch = 1",
        "import torch\nclass A(a=torch.x):\n  torch = 1",
        "import torch\nf = lambda torch=torch.x: 1",
        "import torch\n[a for torch in torch.x]",
        "import torch\nclass A:\n  torch = 1\n  def f(self):\n    torch.x",
        "import torch\ndef f():\n  def g():\n    torch = 1\n  torch.x",
        "import torch\ndef f():\n  global torch\n  def g():\n    torch.x",
        "def f():\n  global torch\n  import torch\ndef g():\n  torch.x",
        "torch = None\ndef f():\n  torch = None\n  def g():\n    nonlocal torch\n    import torch\n  torch.x",
        "torch = None\ndef f():\n  def g():\n    nonlocal torch\n    import torch\n  torch = None\n  torch.x",
        "import torch\ndef f(torch):\n  def g():\n    global torch\n    torch.x",
        "def f():\n  [torch := b for a in c]\n  import torch\n  torch.x",
    ],
)
def test_evaluated_outside_or_declared_elsewhere(parsed: Parsed, code: str) -> None:
    assert meant(parsed(code), "torch.x") == {"torch.x"}


def test_a_walrus_in_a_comprehension_binds_outside_of_it(parsed: Parsed) -> None:
    assert meant(parsed("import torch\ndef f():\n  [c := torch.cuda for a in b]\n  return c.x"), "c.x") == {
        "torch.cuda.x"
    }


def test_answers_do_not_depend_on_which_is_asked_first(parsed: Parsed) -> None:
    code = "import torch\na = b\nb = a\nb = torch.cuda\nb\na\n"
    forward, backward = parsed(code), parsed(code)
    names = [[n for n in file.index.nodes if isinstance(n, ast.Name)] for file in (forward, backward)]
    first = [forward.names(node) for node in names[0]]
    last = [backward.names(node) for node in reversed(names[1])]
    assert first == last[::-1]
    assert all(answer == {"torch.cuda"} for node, answer in zip(names[0], first, strict=True) if node.id != "torch")


def test_cycles_end_and_keep_what_is_known(parsed: Parsed) -> None:
    assert {"torch", "torch.cuda"} <= meant(parsed("import torch\ntorch = torch.cuda\ntorch"), "torch")
    many = [f"x{i} = x{j}.a{i}" for i in range(12) for j in range(12)]
    assert "torch" in meant(parsed("\n".join(["import torch as x0", *many, "x0"])), "x0")


def test_long_chains_need_no_recursion(parsed: Parsed) -> None:
    aliases = [f"x{i + 1} = x{i}" for i in range(3000)]
    assert meant(parsed("\n".join(["import torch as x0", *aliases, "x3000"])), "x3000") == {"torch"}
