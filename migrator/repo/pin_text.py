"""Pins as plain values and as words, for people and programs to read."""

from __future__ import annotations

import dataclasses
from enum import Enum
from pathlib import Path
from typing import Any

from migrator.repo.git_urls import without_password
from migrator.repo.pins import AnyPin, EmbeddedPin, GitPin, SdistPin

_KINDS: dict[type, str] = {GitPin: "git", SdistPin: "sdist", EmbeddedPin: "embedded"}


def kind_of(pin: AnyPin) -> str:
    """The pin's kind as its file spells it."""
    return _KINDS[type(pin)]


def where_from(pin: AnyPin) -> str:
    """One line: where the upstream is and which version of it."""
    if isinstance(pin, GitPin):
        return f"{without_password(pin.url)} {pin.commit[:12]} {pin.subfolder}".rstrip()
    if isinstance(pin, SdistPin):
        return f"{pin.project}=={pin.version} sha256 {pin.sha256[:12]}"
    return f"{pin.folder.name}, comes with migrator"


def as_values(pin: AnyPin) -> dict[str, Any]:
    """The pin as values that JSON knows; `folder` is its name alone, so that no machine's path is shown."""
    values = {"name": pin.name, "kind": kind_of(pin), **dataclasses.asdict(pin)}
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return value.name
    if isinstance(value, dict):
        return {key: _plain(below) for key, below in value.items()}
    return [_plain(below) for below in value] if isinstance(value, tuple) else value
