"""`migrate` as a process of its own, in an environment that holds nothing of the user's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_KEPT = ("PATH", "TMPDIR", "PYTHONPATH", "SYSTEMROOT", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Done:
    """How a process ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Migrate:
    """Runs `python -m migrator`; `home` holds its HOME and caches, `extra` further variables."""

    home: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Only what a program needs, and an empty home."""
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        own = {
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "xdg"),
            "MIGRATE_CACHE": str(self.home / "cache"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C.UTF-8",
        }
        return kept | own | dict(self.extra)

    def __call__(self, folder: Path, *args: str | Path, preexec_fn: Callable[[], None] | None = None) -> Done:
        """Run it in `folder` to its end."""
        process = self.start(folder, *args, preexec_fn=preexec_fn)
        out, err = process.communicate(timeout=120)
        return Done(process.returncode, out.decode(), err.decode())

    def start(
        self, folder: Path, *args: str | Path, preexec_fn: Callable[[], None] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start it in `folder`, in a session of its own."""
        command = [sys.executable, "-m", "migrator", *map(str, args)]
        return subprocess.Popen(
            command,
            cwd=folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=preexec_fn,  # noqa: PLW1509 - the tests have one thread
        )

    def with_variables(self, **extra: str) -> Migrate:
        """The same with further environment variables."""
        return Migrate(self.home, {**self.extra, **extra})


def commits(output: Path) -> dict[str, str]:
    """The stages of an output, as git sees them: tag -> commit."""
    listed = git(output, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags")
    return dict(line.split() for line in listed.splitlines())


def git(folder: Path, *args: str, given: bytes = b"") -> str:
    """Git with nobody's configuration, run in `folder`."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=user", "-c", "user.email=user@localhost", "-c", "core.autocrlf=false")
    command = ["git", *who, "-C", str(folder), *args]
    done = subprocess.run(command, env=env, input=given, capture_output=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout.decode().strip()


def sane(output: Path) -> None:
    """Git finds nothing wrong in the output, and nothing changed in its work tree; nothing lies beside it."""
    git(output, "fsck", "--strict", "--no-dangling")
    assert git(output, "status", "--porcelain", "--ignored") == ""
    kept = {"state.json", "lock", "rules", *(f"{stage}.jsonl" for stage in commits(output))}
    assert {path.name for path in (output / ".git" / "migrate").iterdir()} == kept
    assert [path.name for path in output.parent.iterdir() if path.name.startswith(".")] == []


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder below `folder`: mode, and bytes or a link's target. Who last held an output is left out."""
    found: dict[str, tuple[int, bytes]] = {}
    for path in sorted(path for path in folder.rglob("*") if not path.match(".git/migrate/lock")):
        mode = path.lstat().st_mode
        data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[path.relative_to(folder).as_posix()] = (mode, data)
    return found
