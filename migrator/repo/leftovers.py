"""Remove what a killed process left in an output's .git. Only under the lock, and only what is ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from migrator.repo.disk import Disk

# files that git writes under a temporary name and that stay when it is killed
_OBJECTS = ("objects/pack/tmp_*", "objects/??/tmp_obj_*", "fast_import_crash_*")
# locks that fast-import takes for the name by which it builds a commit
_IMPORT_LOCKS = ("refs/migrate/*.lock", "packed-refs.lock")
# fast-import guards a pack with such a file until it ends, and refuses to make the same pack while one is there
_KEEP, _KEPT_BY_IMPORT = "objects/pack/pack-*.keep", b"fast-import"
# locks that putting a stage in place takes
_LOCKS = ("HEAD.lock", "index.lock", "refs/heads/main.lock", "refs/tags/*.lock")


def remove_unfinished(disk: Disk, meta: Path, stages: set[str]) -> None:
    """Remove parts of a stage that was never decided; `stages` are those whose records stay."""
    disk.remove_tree(meta / "incoming")
    for path in (*meta.glob("*.new"), *meta.glob("*.jsonl")):
        if path.suffix == ".new" or path.stem not in stages:
            disk.remove(path)


def remove_git_leftovers(disk: Disk, git_dir: Path, *, locks: bool) -> None:
    """Remove what a killed git left; with `locks`, its lock files too."""
    for path in _matching(git_dir, _OBJECTS + _IMPORT_LOCKS + (_LOCKS if locks else ())):
        disk.remove(path)
    for path in git_dir.glob(_KEEP):
        if _is_of_import(path):
            disk.remove(path)


def _is_of_import(keep: Path) -> bool:
    """A user may keep packs too: those files say something else, or nothing and stand beside their pack."""
    text = keep.read_bytes().strip()
    return text == _KEPT_BY_IMPORT or (not text and not keep.with_suffix(".pack").exists())


def _matching(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from folder.glob(pattern)
