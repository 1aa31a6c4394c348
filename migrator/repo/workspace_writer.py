"""What writes to an output, under its lock.

A stage's commit, its records and its new files are all written first, where nobody looks; then the journal
decides; then everything is moved into place. So a full disk is met before the decision, and a process killed
after it is finished by the next one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from migrator.core.tree import Tree
from migrator.errors import OutputError
from migrator.repo.commit_objects import commit_message, write_commit
from migrator.repo.disk import Checkpoint, Disk
from migrator.repo.journal import Journal, read_journal, write_journal
from migrator.repo.leftovers import remove_git_leftovers, remove_unfinished
from migrator.repo.listing import TreeChange, list_tree, read_listing
from migrator.repo.lock import HeldLock
from migrator.repo.new_output import make_repository
from migrator.repo.output_failure import output_failures
from migrator.repo.output_git import OutputGit
from migrator.repo.stage_commit import StageCommit
from migrator.repo.unchanged import check_on_main, check_unchanged, read_status
from migrator.repo.workspace_state import StageRef, State, read_state, write_state

_NAME = re.compile(r"[a-z][a-z0-9-]*")


class WorkspaceWriter:
    """Begins an output and adds stages to it."""

    def __init__(self, path: Path, lock: HeldLock, checkpoint: Checkpoint) -> None:
        self._meta = path / ".git" / "migrate"
        self._journal_file = self._meta / "journal.json"
        self._state_file = self._meta / "state.json"
        self._lock = lock
        self._disk = Disk(checkpoint)
        self._git = OutputGit(path, (lock.descriptor,), checkpoint)

    def begin(self, settings: Mapping[str, str]) -> None:
        """Make the empty output. One that is there stays as it is.

        Raises `OutputError` when that one was made with other settings, and says which differ.
        """
        state = read_state(self._state_file)
        if state is not None:
            self._check_settings(state.settings, settings)
            return
        with output_failures(self._git.folder):
            make_repository(self._git, self._disk)
            write_state(self._disk, self._state_file, State(settings))

    def _check_settings(self, there: Mapping[str, str], asked: Mapping[str, str]) -> None:
        differing = [
            f"{key} is {there.get(key, 'not set')}, asked for was {asked.get(key, 'not set')}"
            for key in sorted(there.keys() | asked.keys())
            if there.get(key) != asked.get(key)
        ]
        if differing:
            raise OutputError(
                f"the output {self._git.folder} was made otherwise: {'; '.join(differing)}",
                hint="choose another output with -o, ask for the same again, or delete the output",
            )

    def commit_stage(
        self, name: str, tree: Tree, *, subject: str, body: str, trailers: Mapping[str, str], records: bytes
    ) -> str:
        """Add a stage after the last one and return its commit.

        It is wholly there when this returns. When this raises, it is not there at all, or, if the disk failed
        while its files were moved into place, the next `recover` finishes it. Raises `OutputError`, and
        `LayerError` for a tree that cannot stand in a folder.
        """
        self.recover()
        state = self._state()
        if not _NAME.fullmatch(name) or name in ("main", *(ref.name for ref in state.stages)):
            raise ValueError(f"{name!r} is no name for a new stage")
        message = commit_message(subject, body, trailers)
        check_unchanged(self._git, state.stages)
        change = TreeChange(read_listing(self._git, state.head), list_tree(tree))
        with output_failures(self._git.folder):
            try:
                stage = StageCommit(self._git, self._disk, name, state.head, change)
                stage.check()
                stage.prepare(tree)
                commit = write_commit(self._git, state.head, len(state.stages), change, tree, message)
                journal = Journal(name, state.head, commit)
                self._disk.write_durably(self._meta / f"{name}.jsonl", records)
                write_journal(self._disk, self._journal_file, journal)
            except BaseException:
                self._give_way()
                raise
            self._finish(stage, journal, state)
        return commit

    def recover(self) -> None:
        """Finish a stage that was decided, and remove what is left of one that was not. Quick when all is well.

        Raises `OutputError` when the user has since changed what the stage needs; nothing is lost then.
        """
        with output_failures(self._git.folder):
            journal = self._remove_leftovers()
            if journal is None:
                return
            state = self._state()
            if journal.commit == state.head:  # all that was left to do is to say so
                self._disk.remove_durably(self._journal_file)
                return
            check_on_main(self._git, read_status(self._git))
            change = TreeChange(read_listing(self._git, journal.parent), read_listing(self._git, journal.commit))
            stage = StageCommit(self._git, self._disk, journal.stage, journal.parent, change)
            stage.check(journal.commit)
            stage.prepare()
            self._finish(stage, journal, state)

    def _finish(self, stage: StageCommit, journal: Journal, state: State) -> None:
        stage.finish(journal.commit)
        ref = StageRef(journal.stage, journal.commit)
        write_state(self._disk, self._state_file, replace(state, stages=(*state.stages, ref)))
        self._disk.remove_durably(self._journal_file)

    def _remove_leftovers(self) -> Journal | None:
        journal, state = read_journal(self._journal_file), read_state(self._state_file)
        known = {ref.name for ref in state.stages} if state else set()
        remove_unfinished(self._disk, self._meta, known | {journal.stage} if journal else known)
        if self._lock.abandoned:
            remove_git_leftovers(self._disk, self._git.folder / ".git", locks=journal is not None)
            self._lock.abandoned = False
        return journal

    def _give_way(self) -> None:
        """After a failure: make room on a disk that may be full."""
        # The failure itself is what is reported; what cannot be removed now, the next recovery removes.
        with suppress(OSError):
            self._lock.abandoned = True
            self._remove_leftovers()

    def _state(self) -> State:
        state = read_state(self._state_file)
        if state is None:
            raise OutputError(f"there is no output of migrate at {self._git.folder}", hint="begin it first")
        return state
