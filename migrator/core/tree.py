"""A tree of files in memory, as git sees one: posix path -> mode and bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from migrator.errors import LayerError


class Mode(str, Enum):
    """The modes git knows for an entry that is not a folder."""

    FILE = "100644"
    EXECUTABLE = "100755"
    LINK = "120000"
    GITLINK = "160000"  # a submodule: `data` is the hexadecimal commit


@dataclass(frozen=True)
class Entry:
    """One file: its bytes (a link's target, a submodule's commit) and mode."""

    data: bytes
    mode: Mode = Mode.FILE


Tree = Mapping[str, Entry]


class UnsafePathError(LayerError):
    """A path from a patch, an archive or a configuration would leave the tree."""


def check_path(path: str) -> str:
    """Return `path` when it names a place inside the tree, else raise `UnsafePathError`.

    Refused: absolute paths, `..`, empty parts, backslashes, drive letters, control characters and anything
    inside a `.git` folder, in any letter case (as git's own `core.protectNTFS` and `protectHFS` do).
    """
    parts = path.split("/")
    unsafe = (
        not path
        or "\\" in path
        or any(ord(c) < 32 for c in path)
        or (len(path) > 1 and path[1] == ":")
        or any(p in ("", ".", "..") or p.lower() in (".git", "git~1") for p in parts)
    )
    if unsafe:
        raise UnsafePathError(
            f"path {path!r} leaves the tree or is not a plain relative path",
            hint="paths in patches and archives must be relative, with forward slashes and without '..'",
        )
    return path


def check_link(path: str, target: bytes) -> None:
    """Raise `UnsafePathError` when the symbolic link at `path` would point out of the tree."""
    text = target.decode("utf-8", "surrogateescape")
    depth = len(PurePosixPath(path).parts) - 1
    if text.startswith("/") or "\\" in text or (len(text) > 1 and text[1] == ":"):
        depth = -1
    for part in text.split("/"):
        if depth < 0:
            break
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
    if depth < 0 or not text:
        raise UnsafePathError(f"the link {path!r} -> {text!r} points out of the tree")


def object_id(entry: Entry) -> str:
    """Return the id that git gives an entry: its blob's, or a submodule's commit."""
    return entry.data.decode() if entry.mode is Mode.GITLINK else _hash(b"blob", entry.data).hex()


def _hash(kind: bytes, body: bytes) -> bytes:
    return hashlib.sha1(kind + b" %d\0" % len(body) + body, usedforsecurity=False).digest()


def git_tree_hash(tree: Tree) -> str:
    """Return the id that git gives this tree (SHA-1, hexadecimal), computed without git.

    Source: git's object format, https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    folders: dict[str, dict[str, Entry]] = {}
    files: dict[str, Entry] = {}
    for path, entry in tree.items():
        head, _, rest = path.partition("/")
        if rest:
            folders.setdefault(head, {})[rest] = entry
        else:
            files[head] = entry
    rows: list[tuple[bytes, bytes]] = []
    for name, entry in files.items():
        raw = name.encode("utf-8", "surrogateescape")
        rows.append((raw, entry.mode.value.encode() + b" " + raw + b"\0" + bytes.fromhex(object_id(entry))))
    for name, below in folders.items():
        raw = name.encode("utf-8", "surrogateescape")
        digest = bytes.fromhex(git_tree_hash(below))
        # git sorts a folder as if its name ended in a slash
        rows.append((raw + b"/", b"40000 " + raw + b"\0" + digest))
    return _hash(b"tree", b"".join(row for _, row in sorted(rows))).hex()
