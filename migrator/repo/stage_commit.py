"""Puts a stage's commit in place: work tree, index, branch and tag."""

from __future__ import annotations

from migrator.core.tree import Tree
from migrator.errors import OutputError
from migrator.repo.disk import Disk
from migrator.repo.listing import TreeChange
from migrator.repo.messages import some_of
from migrator.repo.output_git import BRANCH, TAGS, OutputGit
from migrator.repo.worktree import WorkTreeUpdate

_NO_OBJECT = "0" * 40


class StageCommit:
    """A stage on its way into place after the commit `parent`. Each method can be repeated after a crash.

    `check` and `prepare` change nothing that a user sees; `finish` does.
    """

    def __init__(self, git: OutputGit, disk: Disk, name: str, parent: str, change: TreeChange) -> None:
        self._git, self._name, self._parent, self._change = git, name, parent, change
        aside = git.folder / ".git" / "migrate" / "incoming"
        self._update = WorkTreeUpdate(disk, git.folder, aside, change)

    def check(self, commit: str = "") -> None:
        """Raise `OutputError` when a file of the user's would be lost, or a ref is not where it was or at `commit`.

        A git of the user's that is at work in the output is an error too.
        """
        index_lock = self._git.folder / ".git" / "index.lock"
        if index_lock.exists():
            raise OutputError(
                f"another git is at work in {self._git.folder}: there is {index_lock}",
                hint="let it end and run again; if no git is running there, remove that file first",
            )
        self._moves(commit)
        conflicts = self._update.conflicts()
        if conflicts:
            raise OutputError(
                f"stage {self._name!r} would overwrite or remove files in {self._git.folder} "
                f"that migrate did not write: {some_of(conflicts)}",
                hint="move them out of the output and run again",
            )

    def prepare(self, tree: Tree | None = None) -> None:
        """Write the stage's new files aside, from `tree` or else from the commit."""
        pending = self._update.pending()
        if tree is not None:
            self._update.prepare({path: tree[path].data for path in pending})
        else:
            bodies = self._git.objects([self._change.after[path].oid for path in pending])
            self._update.prepare(dict(zip(pending, bodies, strict=True)))

    def finish(self, commit: str) -> None:
        """Move the files into place, then the index, then branch and tag in one transaction."""
        self._update.install()
        self._git.run("read-tree", commit)
        self._git.run("update-index", "-q", "--refresh")
        moves = self._moves(commit)
        if moves:
            # without start and commit, update-ref would take the end of a cut input for the end of it
            self._git.run("update-ref", "--stdin", given="\n".join(["start", *moves, "prepare", "commit\n"]).encode())

    def _moves(self, commit: str) -> list[str]:
        """The moves of branch and tag that are still to be made; `OutputError` when either is somewhere else."""
        refs = self._git.refs()
        moves = []
        for ref, old in ((BRANCH, self._parent), (TAGS + self._name, "")):
            at = refs.get(ref, "")
            if at not in (old, commit):
                raise OutputError(
                    f"{ref} in {self._git.folder} is at {at or 'no commit'}, and stage {self._name!r} "
                    f"needs it at {old or 'no commit'}",
                    hint=f"keep what is there under another name, put {ref} back and run again",
                )
            if at != commit:
                moves.append(f"update {ref} {commit} {old or _NO_OBJECT}")
        return moves
