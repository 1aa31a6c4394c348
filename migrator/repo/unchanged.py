"""Is an output still as migrate left it? Untracked files are the user's own, and no change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from migrator.errors import OutputError
from migrator.repo.messages import git_in, some_of
from migrator.repo.output_git import TAGS, OutputGit
from migrator.repo.workspace_state import StageRef


class Status(NamedTuple):
    """What git says about a work tree: the branch, its commit ("" before the first), and the changed files."""

    branch: str
    commit: str
    changes: list[str]  # "modified train.py"


def check_unchanged(git: OutputGit, stages: Sequence[StageRef]) -> None:
    """Raise `OutputError` unless HEAD, branch, tags, index and files are as the last of `stages` left them."""
    status = read_status(git)
    check_on_main(git, status)
    _check_main(git, status, stages)
    _check_tags(git, stages)
    if status.changes:
        raise OutputError(
            f"{git.folder} was changed{_since(stages)}: {some_of(status.changes)}",
            hint=f"keep the changes with `{git_in(git.folder)} stash`, or throw them away with "
            f"`{git_in(git.folder)} reset --hard`, and run again",
        )


def read_status(git: OutputGit) -> Status:
    """Ask git for the state of the work tree, untracked files left out."""
    options = ("--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=all")
    facts: dict[str, str] = {}
    changes: list[str] = []
    for row in git.run("status", *options).decode("utf-8", "surrogateescape").split("\0")[:-1]:
        kind, _, rest = row.partition(" ")
        if kind == "#":
            key, _, value = rest.partition(" ")
            facts[key] = value
        else:
            codes = rest.partition(" ")[0]
            path = rest.split(" ", 7 if kind == "1" else 9)[-1]
            changes.append(f"{_described(kind, codes)} {path}")
    commit = facts["branch.oid"]
    return Status(facts["branch.head"], "" if commit == "(initial)" else commit, changes)


def _described(kind: str, codes: str) -> str:
    if kind == "u":
        return "unmerged"
    return "deleted" if "D" in codes else "added" if "A" in codes else "modified"


def _since(stages: Sequence[StageRef]) -> str:
    return f" since stage {stages[-1].name!r}" if stages else ""


def check_on_main(git: OutputGit, status: Status) -> None:
    """Raise `OutputError` when anything but branch main is checked out."""
    if status.branch != "main":
        what = "no branch" if status.branch == "(detached)" else f"branch {status.branch!r}"
        raise OutputError(
            f"{git.folder} has {what} checked out, not 'main'",
            hint=f"go back with `{git_in(git.folder)} checkout main` and run again",
        )


def _check_main(git: OutputGit, status: Status, stages: Sequence[StageRef]) -> None:
    head = stages[-1].commit if stages else ""
    if status.commit == head:
        return
    back = f"go back with `{git_in(git.folder)} reset --keep {head}` and run again"
    raise OutputError(
        f"branch 'main' in {git.folder} was moved{_since(stages)}: it is at {status.commit or 'no commit'}, "
        f"not at {head or 'no commit'}",
        hint=f"keep its commits with `{git_in(git.folder)} branch mine`, then {back}"
        if head
        else "choose another output with -o, or delete this one",
    )


def _check_tags(git: OutputGit, stages: Sequence[StageRef]) -> None:
    refs = git.refs()
    for name, commit in stages:
        at = refs.get(TAGS + name)
        if at != commit:
            raise OutputError(
                f"tag {name!r} in {git.folder} was {'moved' if at else 'deleted'}; stage {name!r} is {commit}",
                hint=f"put it back with `{git_in(git.folder)} tag --force {name} {commit}` and run again",
            )
