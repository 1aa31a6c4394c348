"""Real processes with the emulated device, as `migrate run` starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from migrator.emulator.preconditions.real_installation import FACADE

_OURS = ("PT_HPU", "MIGRATE_HPU")


def run(
    code: str, *arguments: str, lazy: str = "0", path: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run `code` with `arguments`. The emulated habana_frameworks lies on the path; `path` are folders after it."""
    known = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
    folders = filter(None, [str(FACADE), path, os.environ.get("PYTHONPATH")])
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**known, "PYTHONPATH": os.pathsep.join(folders), "PT_HPU_LAZY_MODE": lazy, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def result(code: str, *arguments: str, lazy: str = "0", **environ: str) -> Any:
    """What the code printed last, as JSON."""
    done = run(code, *arguments, lazy=lazy, **environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
