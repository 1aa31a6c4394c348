"""Where values come from."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from migrator.core.file import File

Parsed = Callable[[str], File]


def origins(file: File, text: str = "s") -> set[str]:
    """Where the last expression that is written `text` comes from."""
    nodes = [n for n in file.index.nodes if isinstance(n, (ast.Name, ast.Attribute)) and file.text(n) == text]
    return set(file.origins(max(nodes, key=lambda n: (n.lineno, n.col_offset))))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("s = m.S()\ns", "s"),
        ("s: object = m.S()\ns", "s"),
        ("if (s := m.S()): s", "s"),
        ("with m.S() as s:\n  s", "s"),
        ("a, s = 1, m.S()\ns", "s"),
        ("a, (b, s) = 1, [2, m.S()]\ns", "s"),
        ("t = 1, m.S()\na, s = t\ns", "s"),
        ("s = m.S() if a else None\ns", "s"),
        ("s = a or m.S()\ns", "s"),
        ("async def g():\n  return m.S()\nasync def f():\n  s = await g()\n  s", "s"),
        ("def make():\n  return m.S()\ns = make()\ns", "s"),
        ("def make():\n  return 1, m.S()\na, s = make()\ns", "s"),
        ("def train(s):\n  s\ntrain(m.S())", "s"),
        ("def train(a, *, s=None):\n  s\ntrain(1, s=m.S())", "s"),
        ("def train(a, s=m.S()):\n  s", "s"),
        ("def train(a, *, b, s=m.S()):\n  s", "s"),
        ("t = m.S()\ndef train(s):\n  s\ntrain(t)", "s"),
        ("class A:\n  def __init__(self):\n    self.s = m.S()\n  def f(self):\n    self.s", "self.s"),
        ("class A:\n  def f(self):\n    self.a, self.s = 1, m.S()\n    self.s", "self.s"),
        ("s = None\ndef f():\n  global s\n  s = m.S()\ns", "s"),
        ("s = t\nt = s\nt = m.S()\ns", "s"),
        ("s, t = s\ns, t = t\ns = m.S()\ns", "s"),
    ],
)
def test_followed(parsed: Parsed, code: str, text: str) -> None:
    assert origins(parsed(f"import m\n{code}\n"), text) == {"m.S"}


@pytest.mark.parametrize(
    "code",
    [
        "s = m.S().t\ns",
        "s = [m.S()]\ns",
        "s, a = 1, m.S()\ns",
        "for s in m.S():\n  s",
        "def train(a, s):\n  s\ntrain(*x, m.S())",
        "def make():\n  def inner():\n    return m.S()\n  return inner\ns = make()\ns",
        "a, *b, s = 1, m.S(), 3\ns",
        "a, s = *b, m.S()\ns",
        "def train(s):\n  s\nother(m.S())",
        "s = m.S()\ndef f(s):\n  s",
    ],
)
def test_not_followed(parsed: Parsed, code: str) -> None:
    assert origins(parsed(f"import m\n{code}\n")) == set()


def test_all_assignments_count(parsed: Parsed) -> None:
    assert origins(parsed("import m\ns = m.A()\nif x:\n  s = m.B()\ns")) == {"m.A", "m.B"}


def test_many_assignments_in_cycles_end_quickly(parsed: Parsed) -> None:
    turns = "\n".join(f"s = s if a{i} else t\nt = t or s\n(s, t) = (t, s)\nu, s = s" for i in range(40))
    assert origins(parsed(f"import m\n{turns}\nt = m.S()\ns")) == {"m.S"}


def test_answers_do_not_depend_on_which_is_asked_first(parsed: Parsed) -> None:
    code = "import m\na = b\nb = a\nb = c or a\nc = m.S()\na\n"
    forward, backward = parsed(code), parsed(code)
    names = [[n for n in file.index.nodes if isinstance(n, ast.Name)] for file in (forward, backward)]
    assert [forward.origins(n) for n in names[0]] == [backward.origins(n) for n in reversed(names[1])][::-1]


def test_the_calls_themselves(parsed: Parsed) -> None:
    file = parsed("def make(n):\n  return m.S(n)\ns = make(1) if a else m.T()\ns")
    (use,) = [n for n in file.index.nodes if isinstance(n, ast.Name) and n.id == "s" and isinstance(n.ctx, ast.Load)]
    assert {file.text(call) for call in file.makers(use)} == {"make(1)", "m.S(n)", "m.T()"}
