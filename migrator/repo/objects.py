"""Read git's object database, hashing every object again: what comes out is what its id stands for."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from migrator.repo.failures import CorruptError
from migrator.repo.git import kill_group, start_git
from migrator.repo.git_environment import local_environment


class ObjectReader:
    """Objects of one repository by id, through one `git cat-file --batch`."""

    def __init__(self, to_git: IO[bytes], from_git: IO[bytes]) -> None:
        self._to_git = to_git
        self._from_git = from_git

    def read(self, name: str, kind: str) -> bytes:
        """Return the body of the object; raise `CorruptError` when it is missing or not what its id says."""
        try:
            self._to_git.write(name.encode() + b"\n")
            self._to_git.flush()
        except BrokenPipeError as error:
            raise CorruptError(f"git cannot read {kind} {name}") from error
        header = self._from_git.readline().split()
        if len(header) != 3 or header[1] != kind.encode():
            raise CorruptError(f"{kind} {name} is missing or cannot be read")
        size = int(header[2])
        body = self._from_git.read(size + 1)[:size]
        digest = hashlib.sha1(b"%s %d\0" % (kind.encode(), size) + body, usedforsecurity=False)
        if digest.hexdigest() != name:
            raise CorruptError(f"{kind} {name} is damaged")
        return body


@contextmanager
def open_objects(repository: Path, environment: Mapping[str, str]) -> Iterator[ObjectReader]:
    """Open the object database of `repository` for reading."""
    process = start_git(
        [f"--git-dir={repository}", "cat-file", "--batch"],
        environment=local_environment(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what it would say about a bad object is said by the reader, with the id
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield ObjectReader(process.stdin, process.stdout)
    finally:
        kill_group(process)
