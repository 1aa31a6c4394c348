"""The id that a stage's commit will have, computed without git, so that it can be checked before it is made."""

from __future__ import annotations

import hashlib

from migrator.repo.commit_objects import EPOCH
from migrator.repo.output_git import IDENTITY


def commit_id(tree: str, parent: str, position: int, message: str) -> str:
    """Return the id of the commit that `write_commit` makes of the same; `tree` and `parent` ("" for none) are ids.

    Source: git's object format, https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    stamp = f"{IDENTITY} {EPOCH + position} +0000"
    lines = [f"tree {tree}", *([f"parent {parent}"] if parent else []), f"author {stamp}", f"committer {stamp}"]
    body = ("\n".join(lines) + f"\n\n{message}").encode()
    return hashlib.sha1(b"commit %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
