"""One process a card: the command lines of torchrun, torch.distributed.launch and mpirun, and the variables that
processes on several cards need. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from migrator.core.target import Release
from migrator.errors import UsageError
from migrator.runtime.launch import Launch


class Launcher(str, Enum):
    """What starts the processes."""

    TORCHRUN = "torchrun"
    LAUNCH = "launch"
    MPIRUN = "mpirun"


_MODULES = {"torch.distributed.run": Launcher.TORCHRUN, "torch.distributed.launch": Launcher.LAUNCH}
_BINDING = ("--bind-to", "core", "--map-by", "socket:PE=7", "--rank-by", "core")
# torchrun then finds a free port by itself. mpirun's options are those of HabanaAI/Model-References 1.9.0 (README of
# PyTorch/nlp/bert): 7 cores a process are for 8 cards and 2 CPUs of 28 cores.
_OWN_OPTIONS: Mapping[Launcher, tuple[str, ...]] = {
    Launcher.TORCHRUN: ("--standalone",),
    Launcher.LAUNCH: (),
    Launcher.MPIRUN: (*_BINDING, "--report-bindings", "--allow-run-as-root"),
}
# The bridge's own defaults (HabanaAI/gaudi-pytorch-bridge 1.19.0, habana_frameworks/torch/distributed/hccl): torch asks
# for both, and mpirun sets neither.
_MEETING_PLACE = {"MASTER_ADDR": "localhost", "MASTER_PORT": "12345"}
_ALL_CARDS = 8  # of a machine
_DASHES_SINCE = (2, 0)  # torch; its launcher wrote --local_rank before, and --local-rank from then on
_CACHE_SIZE = 1024  # MB


@dataclass(frozen=True)
class Processes:
    """How many there are and what starts them; `options` stand in the place of the launcher's usual ones.

    `cards` is None where nobody said; `launcher` is None for one process that Python starts by itself.
    """

    cards: int | None
    launcher: Launcher | None
    options: tuple[str, ...] | None = None


def choose_processes(cards: int | None, asked: str | None, options: Sequence[str] | None) -> Processes:
    """A launcher that was asked for is used for one card too; otherwise torchrun, for several.

    Raises `UsageError` for options without a launcher.
    """
    several = cards is not None and cards > 1
    launcher = Launcher(asked) if asked else Launcher.TORCHRUN if several else None
    if options is not None and launcher is None:
        raise UsageError("--launcher-options are for a launcher, and one process needs none", hint="give --launcher")
    return Processes(cards, launcher, None if options is None else tuple(options))


def command_line(python: str, launch: Launch, processes: Processes, *, use_env: bool = False) -> list[str]:
    """The whole command. `use_env`: torch.distributed.launch is to tell the local rank by LOCAL_RANK alone.

    Raises `UsageError` when what is to run is a launcher itself: it has its own option for the number of processes.
    """
    program = [*(["-m"] if launch.is_module else []), launch.name, *launch.arguments]
    launcher, cards = processes.launcher, processes.cards or 1
    if launcher is None:
        return [python, *program]
    _refuse_two_launchers(launch, cards)
    options = _OWN_OPTIONS[launcher] if processes.options is None else processes.options
    if launcher is Launcher.MPIRUN:
        return ["mpirun", "-n", str(cards), *options, python, *program]
    module = next(name for name, known in _MODULES.items() if known is launcher)
    own = ["--use_env"] if use_env and launcher is Launcher.LAUNCH else []
    return [python, "-m", module, *options, f"--nproc_per_node={cards}", *own, *program]


def _refuse_two_launchers(launch: Launch, cards: int) -> None:
    if launch.is_module and launch.name in _MODULES:
        raise UsageError(
            f"--cards {cards} and {launch.name} would both start one process a card",
            hint=f"leave --cards out and give --nproc_per_node {cards} to {launch.name}, or name the script itself",
        )


def needs_use_env(accepted: Sequence[str], torch_version: tuple[int, ...]) -> bool:
    """Whether a script that accepts these options for its local rank does not accept the launcher's of this torch.

    `--use_env`, in this spelling, is an option of torch.distributed.launch in every torch that Gaudi has had.
    """
    passed = "--local-rank" if torch_version >= _DASHES_SINCE else "--local_rank"
    return passed not in accepted


def launch_variables(
    processes: Processes, release: Release, recipe_cache: str, environ: Mapping[str, str]
) -> dict[str, str]:
    """The variables of several processes, without those that the user has set.

    `recipe_cache` is the folder in which they share compiled graphs; "" for none. One process takes the first card that
    is free, and gets none of them (docs.habana.ai, Gaudi-to-process Assignment). Raises `UsageError` for a folder that
    the variable cannot hold.
    """
    if processes.launcher is None:
        return {}
    added = dict(_MEETING_PLACE) if processes.launcher is Launcher.MPIRUN else {}
    cards = processes.cards or 1
    if cards > 1:
        added |= _shared_cache(release, recipe_cache)
        # A part of a machine's cards has to be named: docs.habana.ai, Multiple Workloads on a Single Docker
        if cards < _ALL_CARDS:
            added[release.env["visible_modules"]] = ",".join(map(str, range(cards)))
    return {name: value for name, value in added.items() if name not in environ}


def _shared_cache(release: Release, folder: str) -> dict[str, str]:
    """The old variable holds the folder; the new one also whether to empty it first, and its size.

    There is no fourth value: the bridge of 1.19 ends with an error for one (HabanaAI/gaudi-pytorch-bridge 1.19.0,
    habana_serialization/recipe_cache_config.cpp).
    """
    name = release.env.get("recipe_cache")
    if not folder or name is None:
        return {}
    if not name.endswith("_CONFIG"):
        return {name: folder}
    if "," in folder:
        raise UsageError(
            f"the folder {folder} has a comma in its name, and {name} is a list", hint="choose another one"
        )
    return {name: f"{folder},false,{_CACHE_SIZE}"}
