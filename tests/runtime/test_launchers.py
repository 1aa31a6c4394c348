"""The command lines of the launchers, and the variables of several processes."""

from __future__ import annotations

import pytest

from migrator.config import load_releases
from migrator.errors import UsageError
from migrator.runtime.launch import Launch
from migrator.runtime.launchers import (
    Launcher,
    Processes,
    choose_processes,
    command_line,
    launch_variables,
    needs_use_env,
)

SCRIPT = Launch("train.py", False, ("--lr=1", "a b"))
MODULE = Launch("pkg.train", True, ())
RELEASES = load_releases()
PUBLISHED_MPIRUN = (
    "mpirun -n 8 --bind-to core --map-by socket:PE=7 --rank-by core --report-bindings --allow-run-as-root"
)


def line(launch: Launch, launcher: Launcher | None, cards: int | None, options: tuple[str, ...] | None = None) -> str:
    return " ".join(command_line("PY", launch, Processes(cards, launcher, options)))


@pytest.mark.parametrize(
    ("launcher", "start"),
    [
        (None, "PY train.py"),
        (Launcher.TORCHRUN, "PY -m torch.distributed.run --standalone --nproc_per_node=8 train.py"),
        (Launcher.LAUNCH, "PY -m torch.distributed.launch --nproc_per_node=8 train.py"),
        (Launcher.MPIRUN, f"{PUBLISHED_MPIRUN} PY train.py"),
    ],
)
def test_each_launcher(launcher: Launcher | None, start: str) -> None:
    assert line(SCRIPT, launcher, 8) == f"{start} --lr=1 a b"


def test_a_module() -> None:
    assert line(MODULE, Launcher.TORCHRUN, 2).endswith("--nproc_per_node=2 -m pkg.train")
    assert line(MODULE, Launcher.MPIRUN, 2).endswith("PY -m pkg.train")
    assert line(MODULE, None, 1) == "PY -m pkg.train"


def test_options_in_place_of_the_launcher_s_usual_ones() -> None:
    assert line(MODULE, Launcher.MPIRUN, 2, ("--bind-to", "none")) == "mpirun -n 2 --bind-to none PY -m pkg.train"
    started = line(MODULE, Launcher.LAUNCH, 2, ("--master_port=29511",))
    assert started == "PY -m torch.distributed.launch --master_port=29511 --nproc_per_node=2 -m pkg.train"


def test_use_env_is_for_torch_distributed_launch_alone() -> None:
    for launcher, there in ((Launcher.LAUNCH, True), (Launcher.TORCHRUN, False), (Launcher.MPIRUN, False)):
        assert ("--use_env" in command_line("PY", SCRIPT, Processes(2, launcher), use_env=True)) is there


@pytest.mark.parametrize(
    ("accepted", "old", "new"),
    [
        (("--local_rank", "--local-rank"), False, False),
        (("--local_rank",), False, True),  # torch 2.0 writes --local-rank
        (("--local-rank",), True, False),
        ((), True, True),
    ],
)
def test_a_script_that_does_not_take_what_the_launcher_passes(accepted: tuple[str, ...], old: bool, new: bool) -> None:
    assert needs_use_env(accepted, RELEASES["1.9"].torch_version) is old
    assert needs_use_env(accepted, RELEASES["1.10"].torch_version) is new


@pytest.mark.parametrize(
    ("cards", "asked", "launcher"),
    [
        (None, None, None),
        (1, None, None),
        (2, None, Launcher.TORCHRUN),
        (1, "mpirun", Launcher.MPIRUN),
        (None, "launch", Launcher.LAUNCH),
    ],
)
def test_which_launcher(cards: int | None, asked: str | None, launcher: Launcher | None) -> None:
    assert choose_processes(cards, asked, None) == Processes(cards, launcher)


def test_options_need_a_launcher() -> None:
    with pytest.raises(UsageError, match="for a launcher"):
        choose_processes(1, None, ["--standalone"])


def test_a_launcher_is_not_launched_by_another() -> None:
    with pytest.raises(UsageError, match="both start one process a card") as caught:
        command_line("PY", Launch("torch.distributed.run", True, ("train.py",)), Processes(2, Launcher.TORCHRUN))
    assert "--nproc_per_node 2" in caught.value.hint


class TestVariables:
    """What several processes are told by their environment."""

    @staticmethod
    def of(
        launcher: Launcher | None, cards: int | None, release: str = "1.24", cache: str = "OUT/cache", **environ: str
    ) -> dict[str, str]:
        return launch_variables(Processes(cards, launcher), RELEASES[release], cache, environ)

    @pytest.mark.parametrize("launcher", [None, Launcher.TORCHRUN, Launcher.LAUNCH])
    def test_one_process_takes_the_first_card_that_is_free(self, launcher: Launcher | None) -> None:
        assert self.of(launcher, 1) == {}

    def test_mpirun_needs_a_place_to_meet(self) -> None:
        assert self.of(Launcher.MPIRUN, 1) == {"MASTER_ADDR": "localhost", "MASTER_PORT": "12345"}
        assert self.of(Launcher.MPIRUN, 1, MASTER_PORT="5") == {"MASTER_ADDR": "localhost"}

    @pytest.mark.parametrize(
        ("cards", "modules"), [(2, "0,1"), (4, "0,1,2,3"), (7, "0,1,2,3,4,5,6"), (8, None), (16, None)]
    )
    def test_a_part_of_a_machine_s_cards_is_named(self, cards: int, modules: str | None) -> None:
        assert self.of(Launcher.TORCHRUN, cards).get("HABANA_VISIBLE_MODULES") == modules

    def test_the_user_s_own_variables_stay(self) -> None:
        own = {"HABANA_VISIBLE_MODULES": "4,5", "PT_HPU_RECIPE_CACHE_CONFIG": "/c"}
        assert self.of(Launcher.TORCHRUN, 2, **own) == {}

    @pytest.mark.parametrize(
        ("release", "cache"),
        [
            ("1.7", {}),
            ("1.8", {"PT_RECIPE_CACHE_PATH": "OUT/cache"}),
            ("1.13", {"PT_RECIPE_CACHE_PATH": "OUT/cache"}),
            ("1.14", {"PT_HPU_RECIPE_CACHE_CONFIG": "OUT/cache,false,1024"}),
            ("1.24", {"PT_HPU_RECIPE_CACHE_CONFIG": "OUT/cache,false,1024"}),
        ],
    )
    def test_where_several_processes_share_compiled_graphs(self, release: str, cache: dict[str, str]) -> None:
        assert self.of(Launcher.TORCHRUN, 8, release) == cache
        assert self.of(Launcher.TORCHRUN, 8, release, "") == {}

    def test_a_folder_that_the_variable_cannot_hold(self) -> None:
        assert self.of(Launcher.TORCHRUN, 8, "1.9", "a,b") == {"PT_RECIPE_CACHE_PATH": "a,b"}
        with pytest.raises(UsageError, match="has a comma in its name"):
            self.of(Launcher.TORCHRUN, 8, "1.24", "a,b")
