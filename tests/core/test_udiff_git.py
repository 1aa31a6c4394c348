"""Our diffs and git's, each read by the other, on real repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from migrator.core.tree import Entry, Mode, Tree, git_tree_hash
from migrator.core.udiff import parse_diff
from migrator.core.udiff_apply import apply_diff
from migrator.core.udiff_paths import encode
from migrator.core.udiff_write import write_diff

LONG = b"".join(b"line %d\n" % n for n in range(100))
ISOLATED = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


class Repository:
    """A git repository without a work tree: trees go in and come out by their ids."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "--quiet", "--bare")

    def git(self, *args: str, data: bytes = b"") -> bytes:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        env = inherited | ISOLATED
        done = subprocess.run(["git", *args], cwd=self.path, env=env, input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def store(self, tree: Tree) -> str:
        """The id of `tree`, which the repository holds from now on."""
        rows = [
            b"%s %s\t%s\0" % (entry.mode.value.encode(), self.blob(entry), encode(path)) for path, entry in tree.items()
        ]
        self.git("read-tree", "--empty")
        self.git("update-index", "-z", "--index-info", data=b"".join(rows))
        return self.git("write-tree").decode().strip()

    def blob(self, entry: Entry) -> bytes:
        if entry.mode is Mode.GITLINK:
            return entry.data
        return self.git("hash-object", "-w", "--stdin", data=entry.data).strip()

    def patched(self, tree: str, diff: bytes) -> str:
        """The id of the tree that `git apply` makes of `tree`."""
        self.git("read-tree", tree)
        self.git("apply", "--check", "--cached", data=diff)
        self.git("apply", "--cached", data=diff)
        return self.git("write-tree").decode().strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("repository"))


EDITED = LONG.replace(b"line 7\n", b"seven\n").replace(b"line 30\n", b"")
CRLF = LONG.replace(b"\n", b"\r\n")
OTHER = b"".join(b"other %d\n" % n for n in range(100))
ONE, TWO = (Entry(digit * 40, Mode.GITLINK) for digit in (b"1", b"2"))
RUN = Mode.EXECUTABLE


def link(target: bytes) -> Entry:
    return Entry(target, Mode.LINK)


PAIRS: dict[str, tuple[Tree, Tree]] = {
    "two hunks": ({"f": Entry(LONG)}, {"f": Entry(EDITED)}),
    "at both ends": ({"f": Entry(LONG)}, {"f": Entry(b"top\n" + LONG + b"end\n")}),
    "crlf": ({"f": Entry(CRLF)}, {"f": Entry(CRLF.replace(b"line 7\r", b"line 7").replace(b"30", b"x"))}),
    "other bytes": ({"f": Entry(b"\xff\n\x0ca\x85b\nc\rd\n")}, {"f": Entry(b"\xfe\n\x0ca\x85b\nc\rd\n\x1c\n")}),
    "newline gone": ({"f": Entry(LONG)}, {"f": Entry(LONG[:-1])}),
    "newline came": ({"f": Entry(LONG[:-1])}, {"f": Entry(LONG)}),
    "no newline on either side": ({"f": Entry(b"a\nb")}, {"f": Entry(b"a\nc\nd")}),
    "no newline in the context": ({"f": Entry(b"a\nb")}, {"f": Entry(b"c\nb")}),
    "modes": ({"f": Entry(LONG), "g": Entry(LONG, RUN)}, {"f": Entry(LONG, RUN), "g": Entry(EDITED)}),
    "made and gone": ({"f": Entry(LONG), "e": Entry(b"")}, {"d/g": Entry(b"x"), "h": Entry(b"", Mode.EXECUTABLE)}),
    "emptied and filled": ({"f": Entry(b"a\n"), "g": Entry(b"")}, {"f": Entry(b""), "g": Entry(b"a\n")}),
    "moved": ({"f": Entry(LONG)}, {"d/f": Entry(LONG)}),
    "moved with changes": ({"f": Entry(LONG)}, {"d/g": Entry(EDITED, Mode.EXECUTABLE)}),
    "changed places": ({"f": Entry(LONG), "g": Entry(OTHER)}, {"f": Entry(OTHER), "g": Entry(LONG)}),
    "chained": ({"f": Entry(LONG), "g": Entry(OTHER)}, {"g": Entry(LONG), "h": Entry(OTHER)}),
    "copied": ({"f": Entry(LONG)}, {"f": Entry(EDITED), "g": Entry(LONG)}),
    "links": ({"l": link(b"f"), "f": Entry(b"a\n")}, {"l": link(b"d/f"), "f": link(b"l")}),
    "a folder becomes a file": ({"d/f": Entry(b"a\n")}, {"d": Entry(b"b\n")}),
    "submodules": ({"m": ONE}, {"m": TWO, "n": ONE}),
    "odd names": (
        {name: Entry(LONG) for name in ("a b", 'q"x', "é", "\udcff", "x b/x", " s ", "-x")},
        {name: Entry(EDITED) for name in ("a b", 'q"x', "é", "\udcff", "x b/x", " s ", "-x")},
    ),
    "odd names that move": (
        {"a b": Entry(LONG), "é": Entry(CRLF), "x b/x": Entry(b"x\n")},
        {"c d/a b": Entry(EDITED), "\udcff": Entry(CRLF), 'b/x b/"': Entry(b"x\n")},
    ),
    "lines that look like headers": ({"f": Entry(b"a\n-- b\n++ c\n@@ -1 +1 @@\n")}, {"f": Entry(b"++ c\n-- a\n")}),
}  # fmt: skip

OPTIONS = [
    ("-M",),
    ("-M", "-C", "--find-copies-harder"),
    ("-M", "-B"),
    ("--full-index", "--no-renames"),
    ("-U0",),
    ("-U1",),
]


@pytest.mark.parametrize("name", PAIRS)
def test_git_applies_what_we_write(repository: Repository, name: str) -> None:
    old, new = PAIRS[name]
    assert repository.patched(repository.store(old), write_diff(old, new)) == git_tree_hash(new)


@pytest.mark.parametrize("name", PAIRS)
def test_we_apply_what_git_writes(repository: Repository, name: str) -> None:
    old, new = PAIRS[name]
    ids = repository.store(old), repository.store(new)
    for quoting in ("true", "false"):
        for options in OPTIONS:
            command = ("-c", f"core.quotePath={quoting}", "diff", "--text", *options, *ids)
            result = apply_diff(old, parse_diff(repository.git(*command), name="x"), name="x")
            assert result.tree == new, options
            assert result.notes == ()


def test_the_pairs_really_use_renames_and_copies(repository: Repository) -> None:
    """Without this, a git that finds none would let the tests above pass for nothing."""

    def kinds(name: str, *options: str) -> set[str]:
        ids = (repository.store(tree) for tree in PAIRS[name])
        patches = parse_diff(repository.git("diff", *options, *ids), name="x")
        return {"rename" if patch.is_rename else "copy" if patch.is_copy else "change" for patch in patches}

    assert kinds("moved with changes", "-M") == {"rename"}
    assert kinds("changed places", "-M", "-B") == {"rename"}
    assert kinds("copied", "-C") == {"copy", "change"}


def test_mails_are_read(repository: Repository) -> None:
    old, new = PAIRS["odd names that move"]
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    first = repository.git(*author, "commit-tree", "-m", "one", repository.store(old)).decode().strip()
    second = repository.git(*author, "commit-tree", "-m", "two", "-p", first, repository.store(new)).decode().strip()
    for command in (("format-patch", "--stdout", "-1"), ("show",)):
        diff = repository.git(*command, "-M", "--text", second)
        assert apply_diff(old, parse_diff(diff, name="x"), name="x").tree == new
