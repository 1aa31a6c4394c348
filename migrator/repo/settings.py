"""Where upstreams are looked for, how patiently, and who is told about it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Progress = Callable[[str], None]
"""Called with one line at a time, for instance `receiving objects 33/73, 1.2 MiB`."""


def silent(line: str) -> None:
    """Progress that nobody follows."""


@dataclass(frozen=True)
class Settings:
    """Places and patience. `idle_seconds` without any progress end an attempt; `tries` holds for network failures."""

    cache: Path
    mirrors: tuple[Path, ...] = ()
    network: bool = True
    tries: int = 3
    idle_seconds: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, *, network: bool = True) -> Settings:
        """Read `MIGRATE_CACHE`, `XDG_CACHE_HOME` and `MIGRATE_MIRRORS`."""
        env = dict(os.environ if environment is None else environment)
        cache = _cache_folder(env)
        named = [Path(part).expanduser() for part in env.get("MIGRATE_MIRRORS", "").split(":") if part]
        return cls(cache, (*named, cache / "mirrors"), network, environment=env)


def _cache_folder(environment: Mapping[str, str]) -> Path:
    if own := environment.get("MIGRATE_CACHE"):
        return Path(own).expanduser().absolute()
    if shared := environment.get("XDG_CACHE_HOME"):
        return Path(shared).expanduser().absolute() / "migrator"
    return Path.home() / ".cache" / "migrator"
