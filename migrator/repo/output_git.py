"""Git in an output repository, the same on every machine: no configuration, hooks or environment of the user."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import OutputError, UsageError
from migrator.repo.disk import Checkpoint, no_checkpoint
from migrator.repo.interrupts import interrupts_wait
from migrator.repo.output_failure import git_failure, output_failures

IDENTITY = "migrate <migrate@localhost>"
BRANCH = "refs/heads/main"
TAGS = "refs/tags/"

_SETTINGS = (
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "core.excludesFile=/dev/null",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=true",
    "core.splitIndex=false",
    "fastimport.unpackLimit=0",  # one pack, flushed to the disk; loose objects are not
    "gc.auto=0",
    "maintenance.auto=false",
    "safe.directory=*",
)
_COMMAND = ("git", *(part for setting in _SETTINGS for part in ("-c", setting)))


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    name, _, address = IDENTITY.rstrip(">").partition(" <")
    return kept | {
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        # for the reflog only: the identity and the date of a commit are in the commit's own text
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": address,
    }


@dataclass(frozen=True)
class OutputGit:
    """Runs git in the output `folder`. `held` are descriptors that each git process keeps open while it runs."""

    folder: Path
    held: tuple[int, ...] = ()
    checkpoint: Checkpoint = no_checkpoint

    def init(self) -> None:
        """Make an empty repository, or complete one that was begun."""
        # named as an argument: with --work-tree, init would write the folder's path into the configuration
        options = ("--quiet", "--template=", "--object-format=sha1", "--initial-branch=main")
        self._run(("init", *options, str(self.folder)), "init", b"")

    def run(self, *args: str, given: bytes = b"") -> bytes:
        """Return the standard output of `git ARGS`, with `given` as its input. Raises `OutputError` if it fails."""
        # both named, so that no repository around the output is ever found instead
        place = (f"--git-dir={self.folder / '.git'}", f"--work-tree={self.folder}")
        return self._run((*place, *args), args[0], given)

    def _run(self, args: Sequence[str], command: str, given: bytes) -> bytes:
        self.checkpoint(f"git {command}")
        with output_failures(self.folder):
            try:
                code, out, err = self._ended([*_COMMAND, *args], given)
            except FileNotFoundError as error:
                if error.filename != "git":
                    raise
                raise UsageError("git was not found", hint="install git 2.29 or newer") from error
        if code != 0:
            raise git_failure(self.folder, command, code, err.decode(errors="replace"))
        return out

    def _ended(self, command: list[str], given: bytes) -> tuple[int, bytes, bytes]:
        """Exit code and both streams. Whatever happens here, the process does not outlive it."""
        process: subprocess.Popen[bytes] | None = None
        try:
            with interrupts_wait():
                process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=_environment(),
                    cwd=self.folder,
                    pass_fds=self.held,
                )
            out, err = process.communicate(given)
        except BaseException:
            if process is not None:
                process.kill()
                process.communicate()
            raise
        return process.returncode, out, err

    def objects(self, ids: Sequence[str]) -> Iterator[bytes]:
        """Return the bodies of the objects `ids`, in order."""
        if not ids:
            return
        answer = self.run("cat-file", "--batch", given="".join(f"{name}\n" for name in ids).encode())
        at = 0
        for name in ids:
            end = answer.index(b"\n", at)
            header = answer[at:end].split()
            if len(header) != 3:
                raise OutputError(
                    f"the output {self.folder} is damaged: object {name} is missing",
                    hint="restore the output from a copy, or delete it and run again",
                )
            start = end + 1
            at = start + int(header[2]) + 1
            yield answer[start : at - 1]

    def refs(self) -> dict[str, str]:
        """Return the ids of the branch and the tags, by full name."""
        answer = self.run("for-each-ref", "--format=%(refname) %(objectname)", BRANCH, TAGS).decode()
        rows = (line.partition(" ") for line in answer.splitlines())
        return {ref: oid for ref, _, oid in rows}
