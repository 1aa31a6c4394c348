"""An output: a git repository of its own that holds the stages of one port, each wholly there or not at all.

In OUTPUT/.git/migrate stand `state.json` (what the output was made from, and its finished stages),
`<stage>.jsonl` (a stage's records) and `lock`; while a stage is under way, `journal.json` and `incoming/` too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migrator.core.trailers import parse_trailers
from migrator.core.tree import Entry
from migrator.errors import OutputError
from migrator.repo.disk import Checkpoint, no_checkpoint
from migrator.repo.journal import read_journal
from migrator.repo.listing import read_tree
from migrator.repo.lock import hold_lock
from migrator.repo.new_output import check_place, remove_unbegun
from migrator.repo.output_failure import output_failures
from migrator.repo.output_git import OutputGit
from migrator.repo.unchanged import check_unchanged
from migrator.repo.workspace_state import State, read_state
from migrator.repo.workspace_writer import WorkspaceWriter


@dataclass(frozen=True)
class CommittedStage:
    """A finished stage: its name, which is its tag, its commit, the id of its tree, and the commit's trailers."""

    name: str
    commit: str
    tree: str
    trailers: Mapping[str, str]


class Workspace:
    """The output at `path`. Reading needs no lock and sees finished stages only; `locked` is for writing."""

    def __init__(self, path: Path, checkpoint: Checkpoint = no_checkpoint) -> None:
        self.path = path
        self._checkpoint = checkpoint
        self._meta = path / ".git" / "migrate"
        self._git = OutputGit(path, checkpoint=checkpoint)

    @classmethod
    def open(cls, path: Path, *, create: bool = False, checkpoint: Checkpoint = no_checkpoint) -> Workspace:
        """Open the output at `path`; with `create`, also a place where one can begin. Changes nothing.

        Raises `OutputError` for any other folder, and for an output that a newer migrate wrote.
        """
        with output_failures(path):
            workspace = cls(path.resolve(), checkpoint)
            if not workspace.begun:
                check_place(workspace.path, create=create)
        return workspace

    @property
    def begun(self) -> bool:
        """Whether there is an output, if only one without stages."""
        return self._read_state() is not None

    @property
    def settings(self) -> Mapping[str, str]:
        """What the output was begun with."""
        return self._state().settings

    def stages(self) -> tuple[CommittedStage, ...]:
        """The finished stages, in order; none where no output has begun."""
        state = self._read_state()
        refs = state.stages if state else ()
        bodies = self._git.objects([ref.commit for ref in refs])
        return tuple(_committed(ref.name, ref.commit, body) for ref, body in zip(refs, bodies, strict=True))

    def read_tree(self, stage: str) -> dict[str, Entry]:
        """The files of a finished stage."""
        return read_tree(self._git, self._state().commit_of(stage))

    def records(self, stage: str) -> bytes:
        """The records that a finished stage was committed with."""
        self._state().commit_of(stage)
        with output_failures(self.path):
            return (self._meta / f"{stage}.jsonl").read_bytes()

    def check_unchanged(self) -> None:
        """Raise `OutputError` unless HEAD, main, tags, index and files are as the last stage left them.

        Untracked files are the user's own and no change. The message names up to five files.
        """
        state = self._state()
        journal = read_journal(self._meta / "journal.json")
        if journal is not None:
            raise OutputError(
                f"stage {journal.stage!r} is only half in place in {self.path}", hint="finish it with migrate apply"
            )
        check_unchanged(self._git, state.stages)

    @contextmanager
    def locked(self) -> Iterator[WorkspaceWriter]:
        """Hold the output, recover it from a process that was killed, and return what writes to it.

        Raises `OutputError` at once when another process holds it. An output that is not begun in the block
        leaves no trace.
        """
        made = not self.path.exists()
        with hold_lock(self.path) as lock:
            try:
                writer = WorkspaceWriter(self.path, lock, self._checkpoint)
                writer.recover()
                yield writer
            finally:
                if not self.begun:
                    remove_unbegun(self.path, folder=made)

    def _read_state(self) -> State | None:
        return read_state(self._meta / "state.json")

    def _state(self) -> State:
        state = self._read_state()
        if state is None:
            raise OutputError(f"there is no output of migrate at {self.path}", hint="make it with migrate apply")
        return state


def _committed(name: str, commit: str, body: bytes) -> CommittedStage:
    """Read a commit object: header lines, the first of which is `tree <id>`, a blank line, the message."""
    header, _, message = body.decode("utf-8", "replace").partition("\n\n")
    return CommittedStage(name, commit, header.split()[1], parse_trailers(message))
