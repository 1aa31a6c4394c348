"""The commit of a stage with its trees and blobs, written to an output in one go."""

from __future__ import annotations

from collections.abc import Mapping

from migrator.core.trailers import format_trailers
from migrator.core.tree import Entry, Mode, Tree
from migrator.repo.listing import TreeChange
from migrator.repo.output_git import IDENTITY, OutputGit

EPOCH = 946684800  # 2000-01-01T00:00:00Z: a fixed date, so that equal stages are equal commits
_NO_OBJECT = b"0" * 40


def commit_message(subject: str, body: str, trailers: Mapping[str, str]) -> str:
    """Return the message of a stage's commit: subject, body and trailers, a blank line between each."""
    if len(subject.splitlines()) != 1 or subject != subject.strip():
        raise ValueError(f"the subject of a commit is one line: {subject!r}")
    parts = (subject, body.strip(), format_trailers(trailers).strip())
    return "\n\n".join(part for part in parts if part) + "\n"


def write_commit(git: OutputGit, parent: str, position: int, change: TreeChange, tree: Tree, message: str) -> str:
    """Write the commit of the stage at `position` after the commit `parent` ("" for none), and return its id.

    All its objects are on the disk then, and no ref points to them yet. Raises `OutputError`.
    """
    stamp = f"{IDENTITY} {EPOCH + position} +0000".encode()
    text = message.encode()
    parts = [
        # the reset at the end lets go of this ref again: the import leaves objects and nothing else
        b"commit refs/migrate/next\nmark :1\nauthor %b\ncommitter %b\n" % (stamp, stamp),
        b"data %d\n%b\n" % (len(text), text),
        b"from %b\n" % parent.encode() if parent else b"",
        *(b"D %b\n" % _quoted(path) for path in change.removed),
        *(_modification(path, tree[path]) for path in change.written),
        b"get-mark :1\nreset refs/migrate/next\nfrom %b\n\ndone\n" % _NO_OBJECT,
    ]
    # --done: an input that was cut short by the death of this process is an error, not the end of it
    said = git.run("fast-import", "--quiet", "--done", "--date-format=raw", given=b"".join(parts))
    return said.decode().strip()


def _modification(path: str, entry: Entry) -> bytes:
    if entry.mode is Mode.GITLINK:
        return b"M 160000 %b %b\n" % (entry.data, _quoted(path))
    head = b"M %b inline %b\ndata %d\n" % (entry.mode.value.encode(), _quoted(path), len(entry.data))
    return head + entry.data + b"\n"


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
