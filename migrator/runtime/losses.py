"""Losses in the lines that trainers print, with the step where the line states it.

Understood are `loss: 7.1`, `loss=7.1`, `'loss': 7.1`, `step_loss : 7.1`, `Loss 7.1e+00`, objects of JSON, alone or
behind a prefix (`DLLL {...}`), and the text of NVIDIA's dllogger. The losses of evaluations and loss scales are none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_NUMBER = r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|inf)"
_LOSS = re.compile(
    rf"""(?<![\w./]) (?P<name>[\w./]*loss) ['"]?
         (?:\s*[:=]\s* (?:tensor\()? | \s+(?=[-+]?\d*(?:\.\d|\d(?:\.\d*)?e)))  # without a separator: no whole number
         (?P<value>{_NUMBER}) (?!\.?\w|%)""",
    re.VERBOSE | re.IGNORECASE,
)
_STEP = re.compile(
    r"""(?<![\w/]) (?:global_?step|step|iteration|iter)s? ['"]? \s*[:=]?\s* \[?\s* (?P<step>\d+) (?![\w.])""",
    re.VERBOSE | re.IGNORECASE,
)
_PART = re.compile(
    r"\b(?:(?P<train>train(?:ing)?)|(?P<other>eval(?:uation)?|val(?:id(?:ation)?)?|test|dev))(?=[\s:\]-])",
    re.IGNORECASE,
)
_OTHER_PARTS = frozenset({"eval", "evaluation", "val", "valid", "validation", "test", "dev"})
_STEP_KEYS = ("step", "global_step", "iteration", "iter")


@dataclass(frozen=True)
class Loss:
    """One printed loss. `step` is None where the line states none."""

    name: str
    value: float
    step: int | None


def losses_in(line: str) -> list[Loss]:
    """The losses of a training step that `line` prints; each name once."""
    if "loss" not in line and "loss" not in line.lower():
        return []
    record = _json_object(line)
    found = _in_text(line) if record is None else _in_record(record)
    first: dict[str, Loss] = {}
    for loss in found:
        first.setdefault(loss.name, loss)
    return list(first.values())


def _json_object(line: str) -> Mapping[str, object] | None:
    start, text = line.find("{"), line.rstrip()
    if start < 0 or not text.endswith("}"):
        return None
    try:
        record = json.loads(text[start:])
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _in_record(record: Mapping[str, object]) -> Iterator[Loss]:
    step = next((step for key in _STEP_KEYS if (step := _whole(record.get(key))) is not None), None)
    inner = record.get("data")  # where dllogger's JSON lines have the values
    for key, value in [*record.items(), *(inner.items() if isinstance(inner, dict) else ())]:
        name = _name(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and _is_training_loss(name):
            yield Loss(name, float(value), step)


def _whole(value: object) -> int | None:
    """A step: a number, or the last of a list ([epoch, iteration], as dllogger has it)."""
    last = value[-1] if isinstance(value, list) and value else value
    return last if isinstance(last, int) and not isinstance(last, bool) else None


def _in_text(line: str) -> Iterator[Loss]:
    stated = _STEP.search(line)
    step = int(stated["step"]) if stated else None
    read_to = 0
    for match in _LOSS.finditer(line):
        # "Test set: Average loss: 0.05": the words since the last loss say of what it is one
        parts = [part.lastgroup for part in _PART.finditer(line, read_to, match.end("name"))]
        read_to = match.end()
        name = _name(match["name"])
        if _is_training_loss(name) and (not parts or parts[-1] == "train"):
            yield Loss(name, float(match["value"]), step)


def _name(key: str) -> str:
    return re.sub(r"[\s./-]+", "_", key.strip()).lower()


def _is_training_loss(name: str) -> bool:
    return name.endswith("loss") and not _OTHER_PARTS.intersection(name.split("_"))
