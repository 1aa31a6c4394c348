"""What Python is to run: a script or a module, with its arguments, on one card or on several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from migrator.errors import UsageError

# Launchers that start the processes of several cards themselves; each has its own option for how many.
LAUNCHERS = ("torch.distributed.run", "torch.distributed.launch")


@dataclass(frozen=True)
class Launch:
    """A script's path, or a module's name when `is_module`, and the arguments it gets."""

    name: str
    is_module: bool
    arguments: tuple[str, ...]

    def at(self, path: str) -> Launch:
        """The same script, found at `path`."""
        return replace(self, name=path)


def read_launch(words: Sequence[str]) -> Launch:
    """Read `SCRIPT ARGS...` or `-m MODULE ARGS...`. Raises `UsageError` when neither stands there."""
    if not words:
        raise UsageError(
            "there is no script to run",
            hint="migrate run [TARGET] [OPTIONS] -- SCRIPT ARGS..., or -m MODULE ARGS... in place of the script",
        )
    if words[0] == "-m":
        if len(words) == 1 or words[1].startswith("-"):
            raise UsageError("there is no module after -m", hint="migrate run [OPTIONS] -m MODULE ARGS...")
        return Launch(words[1], True, tuple(words[2:]))
    if words[0].startswith("-"):
        raise UsageError(
            f"{words[0]} stands where the script is expected",
            hint="after `--` comes the script (or -m MODULE), then its arguments; migrate's own options come before it",
        )
    return Launch(words[0], False, tuple(words[1:]))


def python_arguments(launch: Launch, cards: int | None) -> list[str]:
    """What comes after `python`; more than one card is torchrun's work, one process a card.

    Raises `UsageError` when the module is a launcher itself: it has its own option for the number of processes.
    """
    program = ["-m", launch.name] if launch.is_module else [launch.name]
    if cards is None or cards == 1:
        return [*program, *launch.arguments]
    if launch.is_module and launch.name in LAUNCHERS:
        raise UsageError(
            f"--cards {cards} and {launch.name} would both start one process a card",
            hint=f"leave --cards out and give --nproc_per_node {cards} to {launch.name}, or name the script itself",
        )
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(cards)]
    return [*start, *program, *launch.arguments]
