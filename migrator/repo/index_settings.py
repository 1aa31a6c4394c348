"""Which package indexes pip is set up to use: its variables, then its configuration files, then PyPI."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping

_PYPI = "https://pypi.org/simple"


def index_urls(environment: Mapping[str, str]) -> list[str]:
    """The addresses of the indexes, the main one first, each once. Runs `pip config list` when pip is there."""
    configured = {**_pip_configuration(environment), **_pip_variables(environment)}
    main = configured.get("index-url", _PYPI).split()
    return list(dict.fromkeys(main + configured.get("extra-index-url", "").split()))


def _pip_variables(environment: Mapping[str, str]) -> dict[str, str]:
    names = {"index-url": "PIP_INDEX_URL", "extra-index-url": "PIP_EXTRA_INDEX_URL"}
    return {key: environment[name] for key, name in names.items() if environment.get(name)}


def _pip_configuration(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings of pip's configuration files; none when pip is not installed beside this Python."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    return parse_pip_configuration(done.stdout) if done.returncode == 0 else {}


def parse_pip_configuration(text: str) -> dict[str, str]:
    """Read `global.index-url='https://...'` lines; what holds for `download` wins over what holds for all commands."""
    found: dict[str, str] = {}
    for section in ("global", "download"):
        for line in text.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(f"{section}."):
                found[name.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return found
