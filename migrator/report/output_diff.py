"""Ask git for the difference between two stages of an output.

The plumbing command is used, since no setting of a user or a repository (diff.noprefix, diff.algorithm,
diff.orderFile, ...) changes what it prints. Source: https://git-scm.com/docs/git-diff-tree
"""

from __future__ import annotations

import re
from pathlib import Path

from migrator.repo.output_git import OutputGit
from migrator.report.quoting import quote, unquote

_MOVED = re.compile(rb"^((?:rename|copy) (?:from|to)) (.+)$", re.MULTILINE)
_OPTIONS = (
    "-r",
    "--patch",
    "--unified=3",
    "--find-renames",
    "-l0",  # however many files there are
    "--full-index",
    "--binary",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
)


def diff_between(folder: Path, old: str, new: str, *, subfolder: str = "") -> bytes:
    """Return the diff between the commits `old` and `new` of the output in `folder`, in git's format.

    With `subfolder` ("a/b") all paths are below it, so that `git apply` takes the diff at the root of a clone
    whose subfolder was migrated. Raises `OutputError` when git cannot read the repository.
    """
    below = f"{subfolder}/" if subfolder else ""
    prefixes = (f"--src-prefix=a/{below}", f"--dst-prefix=b/{below}")
    diff = OutputGit(folder).run("diff-tree", *_OPTIONS, *prefixes, old, new, "--")
    return moved_below(diff, below.encode("utf-8", "surrogateescape"))


def moved_below(diff: bytes, below: bytes) -> bytes:
    """Put the folder `below` before the paths of renames and copies, which git's prefixes leave alone.

    No line of a file's content starts as these lines do: those start with a blank, `+`, `-` or a backslash.
    """
    return _MOVED.sub(lambda match: match[1] + b" " + quote(below + unquote(match[2])), diff)
