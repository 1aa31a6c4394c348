"""Write the difference of two trees as a unified diff in git's format, which `git apply` and `parse_diff` take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from migrator.core.tree import Entry, Mode, Tree, object_id
from migrator.core.udiff_content import read_text
from migrator.core.udiff_paths import decode, encode, quote, shown
from migrator.core.udiff_types import split_lines
from migrator.errors import LayerError

_CONTEXT = 3
_NO_ID = "0" * 7
_PLAIN = (Mode.FILE, Mode.EXECUTABLE)


class BinaryFileError(LayerError):
    """A file that holds a NUL cannot be written as a text diff."""


@dataclass(frozen=True)
class _Side:
    """A file before or after."""

    path: str
    entry: Entry

    @property
    def id(self) -> str:
        return object_id(self.entry)[: len(_NO_ID)]  # as git abbreviates it; a full id would forbid any drift


_Pair = tuple[_Side | None, _Side | None]


def write_diff(old: Tree, new: Tree, *, prefix: str = "") -> bytes:
    """The diff that turns `old` into `new`; empty when they are equal.

    Files are in the order of their paths, with 3 lines of context. A file that moved without any change of its
    content is a rename. `prefix` ("PyTorch/BERT/") is put before every path. Raises `BinaryFileError` for a
    changed file that holds a NUL.
    """
    sections = (_section(*pair, prefix) for pair in _pairs(old, new))
    return b"".join(sections)


def _pairs(old: Tree, new: Tree) -> Iterator[_Pair]:
    sources = _renames(old, new)
    moved = set(sources.values())
    for path in sorted(old.keys() | new.keys(), key=encode):
        source = sources.get(path, path)
        before = _Side(source, old[source]) if source in old and (source != path or path not in moved) else None
        after = _Side(path, new[path]) if path in new else None
        if before and after and not _same_type(before.entry, after.entry):
            yield before, None  # git, too, writes a link that becomes a file as two parts
            yield None, after
        elif before != after:
            yield before, after


def _same_type(one: Entry, other: Entry) -> bool:
    return one.mode is other.mode or (one.mode in _PLAIN and other.mode in _PLAIN)


def _renames(old: Tree, new: Tree) -> dict[str, str]:
    """New path -> old path of the files that moved with their content; one of the same name goes first."""
    gone: dict[str, list[str]] = {}
    for path in sorted(old.keys() - new.keys(), key=encode):
        gone.setdefault(object_id(old[path]), []).append(path)
    sources: dict[str, str] = {}
    for path in sorted(new.keys() - old.keys(), key=encode):
        entry = new[path]
        same = gone.get(object_id(entry), []) if entry.data else []  # all empty files are alike
        fitting = [source for source in same if _same_type(old[source], entry)]
        if fitting:
            sources[path] = min(fitting, key=lambda source: _name(source) != _name(path))
            same.remove(sources[path])
    return sources


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _section(old: _Side | None, new: _Side | None, prefix: str) -> bytes:
    """The part of the diff for one file; None stands for an absent side."""
    before = read_text(old.entry) if old else b""
    after = read_text(new.entry) if new else b""
    one, two = (encode(prefix + side.path) for side in (old or new, new or old) if side)
    head = [b"diff --git %s %s\n" % (quote(b"a/" + one), quote(b"b/" + two)), *_modes(old, new)]
    if one != two:
        head += [b"similarity index 100%\n", b"rename from %s\n" % quote(one), b"rename to %s\n" % quote(two)]
    if before != after or old is None or new is None:
        head.append(_index(old, new))
    if before == after:
        return b"".join(head)
    if b"\0" in before + after:
        problem = f"{shown(decode(two))} is binary, so its change cannot be written as a text diff"
        raise BinaryFileError(problem, hint="leave the file as it is, or add the new one whole")
    names = [_named(b"--- ", b"a/" + one if old else None), _named(b"+++ ", b"b/" + two if new else None)]
    return b"".join([*head, *names, *_hunks(split_lines(before), split_lines(after))])


def _modes(old: _Side | None, new: _Side | None) -> list[bytes]:
    if old and new:
        modes = (old.entry.mode.value.encode(), new.entry.mode.value.encode())
        return [] if modes[0] == modes[1] else [b"old mode %s\nnew mode %s\n" % modes]
    if new:
        return [b"new file mode %s\n" % new.entry.mode.value.encode()]
    return [b"deleted file mode %s\n" % old.entry.mode.value.encode()] if old else []


def _index(old: _Side | None, new: _Side | None) -> bytes:
    both = f" {new.entry.mode.value}" if old and new and old.entry.mode is new.entry.mode else ""
    return f"index {old.id if old else _NO_ID}..{new.id if new else _NO_ID}{both}\n".encode()


def _named(mark: bytes, path: bytes | None) -> bytes:
    if path is None:
        return mark + b"/dev/null\n"
    end = b"\t\n" if b" " in path else b"\n"  # the tab keeps a space from ending the path, as git does it
    return mark + quote(path) + end


def _hunks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        yield f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@\n".encode()
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                yield from (_row(b" ", line) for line in old[a1:a2])
                continue
            yield from (_row(b"-", line) for line in old[a1:a2])
            yield from (_row(b"+", line) for line in new[b1:b2])


def _range(start: int, stop: int) -> str:
    """`start` and `stop` are 0-based; with no lines, the header names the line before the gap."""
    count = stop - start
    if count == 1:
        return str(start + 1)
    return f"{start + (count > 0)},{count}"


def _row(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + b"\n\\ No newline at end of file\n"
