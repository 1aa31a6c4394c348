"""What the header of a file's part means: paths, modes, ids, and whether the file is moved, created or deleted.

Source: https://git-scm.com/docs/diff-format#generate_patch_text_with_p
"""

from __future__ import annotations

import re

from migrator.core.tree import Mode, UnsafePathError, check_path
from migrator.core.udiff_paths import decode, header_names, shown, unquote
from migrator.core.udiff_section import Section
from migrator.core.udiff_types import FilePatch

_INDEX = re.compile(rb"([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: (\d{6}))?")
_PAIRS = (("old mode", "new mode"), ("rename from", "rename to"), ("copy from", "copy to"))
_EXCLUSIVE = ("old mode", "deleted file mode", "new file mode")  # a file has one fate
_MOVES = ("deleted file mode", "new file mode", "rename from", "copy from")


def file_patch(section: Section) -> FilePatch:
    """The change that a header states, still without hunks. Raises `DiffSyntaxError`, or `UnsafePathError`."""
    patch = _plain_patch(section) if section.git_names is None else _git_patch(section, section.git_names)
    kinds = {mode.value[:3] for mode in (patch.old_mode, patch.new_mode) if mode}
    if patch.old_path and patch.new_path and len(kinds) > 1:
        # git writes a link that becomes a file as two parts
        raise section.error("a file that changes its type in one part")
    return patch


def _git_patch(section: Section, names: bytes) -> FilePatch:
    old, new = _git_paths(section, names)
    fields = section.fields
    for pair in _PAIRS:
        if (pair[0] in fields) != (pair[1] in fields):
            raise section.error(f"`{pair[0]}` and `{pair[1]}` belong together")
    for group in (_EXCLUSIVE, _MOVES):
        if sum(key in fields for key in group) > 1:
            raise section.error("the lines of the header contradict one another")
    old_blob, new_blob, both = _index(section)
    patch = FilePatch(
        section.line,
        None if "new file mode" in fields else old,
        None if "deleted file mode" in fields else new,
        _mode(section, fields.get("old mode") or fields.get("deleted file mode")) or both,
        _mode(section, fields.get("new mode") or fields.get("new file mode")) or both,
        is_rename="rename from" in fields,
        is_copy="copy from" in fields,
        old_blob=old_blob,
        new_blob=new_blob,
    )
    _check_files(section, patch)
    return patch


def _git_paths(section: Section, names: bytes) -> tuple[str, str]:
    """Both paths. `diff --git` is ambiguous for names with spaces, so the other lines decide where they can."""
    kind = "rename" if "rename from" in section.fields else "copy"
    pairs = set(header_names(names))
    if f"{kind} from" in section.fields:
        old, new = (unquote(section.fields.get(f"{kind} {end}", b"")) for end in ("from", "to"))
        pairs &= {(old or b"", new or b"")}
    else:
        pairs = {(old, new) for old, new in pairs if old == new}
    if len(pairs) != 1:
        hint = "paths need the prefixes a/ and b/: write the diff with `git diff --src-prefix=a/ --dst-prefix=b/`"
        raise section.error("the line `diff --git` does not name the file that the other lines name", hint=hint)
    ((old, new),) = pairs
    return _path(old, section), _path(new, section)


def _check_files(section: Section, patch: FilePatch) -> None:
    if section.files is None:
        return
    stated = tuple(None if raw is None else decode(raw) for raw in section.files)
    if stated != (patch.old_path, patch.new_path):
        one, two = ("/dev/null" if path is None else shown(path) for path in stated)
        raise section.error(f"the lines `---` and `+++` name {one} and {two}, the header another file")


def _plain_patch(section: Section) -> FilePatch:
    if section.files is None:
        raise section.error("a header without the lines `---` and `+++`")
    old, new = (None if raw is None else _path(raw, section) for raw in section.files)
    if old is None and new is None:
        raise section.error("both sides of the file are absent")
    if old is not None and new is not None and old != new:
        hint = "only git's headers can rename: write the diff with `git diff -M`"
        raise section.error(f"two names for one file, {shown(old)} and {shown(new)}", hint=hint)
    return FilePatch(section.line, old, new)


def _path(raw: bytes, section: Section) -> str:
    try:
        return check_path(decode(raw))
    except UnsafePathError as error:
        raise UnsafePathError(f"{section.name}:{section.line}: {error.message}", hint=error.hint) from error


def _mode(section: Section, raw: bytes | None) -> Mode | None:
    if raw is None:
        return None
    try:
        return Mode(raw.decode("latin-1"))
    except ValueError as error:
        raise section.error(f"an unknown file mode {raw!r}") from error


def _index(section: Section) -> tuple[str, str, Mode | None]:
    """The blobs' ids of the `index` line, and the mode that it gives when the mode does not change."""
    raw = section.fields.get("index")
    if raw is None:
        return "", "", None
    match = _INDEX.fullmatch(raw)
    if not match:
        raise section.error(f"not a line of git's: index {raw!r}")
    return match[1].decode(), match[2].decode(), _mode(section, match[3])
