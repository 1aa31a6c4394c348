"""How much each file changed, as numbers and bars."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.report.filediff import FileDiff, FileStatus


def diffstat(files: Sequence[FileDiff], width: int = 80) -> list[str]:
    """Return a line for each file, with a bar of `+` and `-`, and a line of totals. No line is over `width`."""
    if not files:
        return ["no differences"]
    counts = [_count(file) for file in files]
    digits = max(len(count) for count in counts)
    room = max(width - digits - 5, 20)
    names = [_shortened(display_name(file), room - 10) for file in files]
    column = max(len(name) for name in names)
    longest = max(1, *(file.added + file.removed for file in files))
    scale = min(1.0, (room - column) / longest)
    rows = [
        f" {name:<{column}} | {count:>{digits}} {_bar(file, scale)}".rstrip()
        for file, name, count in zip(files, names, counts, strict=True)
    ]
    return [*rows, totals(files)]


def totals(files: Sequence[FileDiff]) -> str:
    """The last line: `3 files changed, 10 lines added, 4 removed`."""
    added, removed = sum(file.added for file in files), sum(file.removed for file in files)
    changed = f"{len(files)} file{'s' if len(files) != 1 else ''} changed"
    return f"{changed}, {added} line{'s' if added != 1 else ''} added, {removed} removed"


def display_name(file: FileDiff) -> str:
    """The path; after a rename both."""
    return f"{file.old_path} => {file.path}" if file.status is FileStatus.RENAMED else file.path


def _count(file: FileDiff) -> str:
    if file.binary:
        return "binary"
    if not file.hunks:
        return "mode" if file.old_mode else "0"
    return str(file.added + file.removed)


def _shortened(name: str, room: int) -> str:
    return name if len(name) <= room else "..." + name[3 - room :]


def _bar(file: FileDiff, scale: float) -> str:
    """Signs in proportion to the file with most changes; any change at all is at least one sign."""
    counts = (("+", file.added), ("-", file.removed))
    return "".join(sign * max(round(count * scale), min(count, 1)) for sign, count in counts)
