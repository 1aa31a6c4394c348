"""Four small stages that meet every kind of change, and a migration of them that can be run again.

Run as a program, it makes the output that it is given: `python workspace_stages.py OUTPUT`.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from migrator.core.tree import Entry, Mode
from migrator.errors import MigrateError
from migrator.repo.disk import Checkpoint, no_checkpoint
from migrator.repo.workspace import Workspace

SETTINGS = {"upstream": "sample", "release": "1.24"}

_UPSTREAM = {
    ".gitattributes": Entry(b"* text=auto eol=crlf\n*.py filter=absent ident\n"),
    ".gitignore": Entry(b"*.log\n"),
    "train.py": Entry(b"import torch\n# $Id$\n"),
    "windows.py": Entry(b"one\r\ntwo\r\n"),
    "tools/run.sh": Entry(b"#!/bin/sh\n", Mode.EXECUTABLE),
    'tools/now a "quote\'d" ü.txt': Entry(b""),
    "latest": Entry(b"tools/run.sh", Mode.LINK),
    "a": Entry(b"a file, later a folder\n"),
    "b/c/d": Entry(b"in a folder, later a file\n"),
    "gone/deep/x.py": Entry(b"later removed\n"),
    "vendor": Entry(b"1" * 40, Mode.GITLINK),
}
_MINIMAL = {
    **{path: entry for path, entry in _UPSTREAM.items() if path not in ("a", "b/c/d", "gone/deep/x.py", "vendor")},
    "train.py": Entry(b"import torch\nimport habana_frameworks.torch\n# $Id$\n", Mode.EXECUTABLE),
    "tools/run.sh": Entry(b"#!/bin/sh\n"),
    "latest": Entry(b"train.py", Mode.LINK),
    "a/b": Entry(b"now a folder\n"),
    "b": Entry(b"now a file\n"),
}
_PACKED = {**_MINIMAL, "latest": Entry(b"no link any more\n"), "big.bin": Entry(random.Random(7).randbytes(40_000))}
_PERFORMANCE = {**_PACKED, "train.py": Entry(b"import torch\n")}
STAGES = {"upstream": _UPSTREAM, "minimal": _MINIMAL, "packed": _PACKED, "performance": _PERFORMANCE}


def migrate(output: Path, *, last: str = "performance", checkpoint: Checkpoint = no_checkpoint) -> list[str]:
    """Make the stages up to `last` that the output lacks; return those that were made."""
    workspace = Workspace.open(output, create=True, checkpoint=checkpoint)
    made = []
    with workspace.locked() as writer:
        writer.begin(SETTINGS)
        workspace.check_unchanged()
        names = list(STAGES)
        for name in names[len(workspace.stages()) : names.index(last) + 1]:
            trailers = {"Stage": name}
            records = f'{{"stage": "{name}"}}\n'.encode()
            writer.commit_stage(
                name, STAGES[name], subject=f"Stage {name}", body="Why.", trailers=trailers, records=records
            )
            made.append(name)
    return made


def git(output: Path, *args: str) -> str:
    """Run git in the output as a user without any configuration would."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    identity = ("-c", "user.name=user", "-c", "user.email=user@localhost", "-c", "safe.directory=*")
    command = ["git", *identity, "-C", str(output), *args]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def snapshot(output: Path) -> dict[str, object]:
    """All that a user can see of an output: files and modes, refs, records, and that git finds it sound and clean."""
    git_dir = output / ".git"
    ours = [path for path in git_dir.rglob("*") if path.parts[len(git_dir.parts)] not in ("objects", "logs", "refs")]
    return {
        "files": {path.relative_to(output).as_posix(): _seen(path) for path in _work_files(output)},
        "names in .git": sorted(path.relative_to(git_dir).as_posix() for path in ours),
        "temporary": sorted(path.name for pattern in ("tmp_*", "*.lock") for path in git_dir.rglob(pattern)),
        "records": {path.name: path.read_bytes() for path in (git_dir / "migrate").glob("*.json*")},
        "refs": git(output, "for-each-ref"),
        "HEAD": (git_dir / "HEAD").read_text(),
        "status": git(output, "status", "--porcelain"),
        "fsck": git(output, "fsck", "--strict"),
    }


def _work_files(output: Path) -> list[Path]:
    return [path for path in output.rglob("*") if ".git" not in path.relative_to(output).parts]


def _seen(path: Path) -> tuple[str, bytes]:
    if path.is_symlink():
        return "link", os.fsencode(path.readlink())
    if path.is_dir():
        return "folder", b""
    return f"{path.stat().st_mode & 0o100:o}", path.read_bytes()


if __name__ == "__main__":
    try:
        migrate(Path(sys.argv[1]))
    except MigrateError as error:
        sys.exit(f"{error.message}\n{error.hint}")
