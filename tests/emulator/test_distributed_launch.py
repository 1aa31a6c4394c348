"""What importing habana_frameworks.torch.distributed.hccl makes of a launcher's variables."""

from __future__ import annotations

import importlib
import os

import pytest

from migrator.emulator.distributed.launch import initialize
from migrator.errors import UsageError

TORCHRUN = {"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "1", "MASTER_ADDR": "host", "MASTER_PORT": "29500"}
OPEN_MPI = {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_LOCAL_RANK": "1"}
DEFAULTS = {"MASTER_ADDR": "localhost", "MASTER_PORT": "12345"}


def test_torchruns_variables_name_the_card_and_the_log() -> None:
    environ = dict(TORCHRUN)

    assert initialize(environ) == (4, 3, 1)
    assert environ == {**TORCHRUN, "HLS_MODULE_ID": "1", "ID": "3"}


def test_open_mpis_variables_stand_in_for_them() -> None:
    environ = dict(OPEN_MPI)

    assert initialize(environ) == (4, 3, 1)
    ranks = {"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "1"}
    assert environ == {**OPEN_MPI, **ranks, **DEFAULTS, "HLS_MODULE_ID": "1", "ID": "3"}


def test_torchruns_variables_win() -> None:
    environ = {**TORCHRUN, **OPEN_MPI, "OMPI_COMM_WORLD_RANK": "0"}

    assert initialize(environ)[1] == 3


def test_without_a_launcher_only_the_address_is_known() -> None:
    environ: dict[str, str] = {}

    assert initialize(environ) == (1, -1, -1)
    assert environ == DEFAULTS


def test_one_process_takes_any_card() -> None:
    environ = {**TORCHRUN, "WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0"}
    before = dict(environ)

    assert initialize(environ) == (1, 0, 0)
    assert environ == {**before, "ID": "0"}


def test_arguments_override_the_launcher() -> None:
    environ = dict(TORCHRUN)

    assert initialize(environ, world_size=2, rank=1, local_rank=0) == (2, 1, 0)
    assert {name: environ[name] for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK", "HLS_MODULE_ID")} == {
        "WORLD_SIZE": "2",
        "RANK": "1",
        "LOCAL_RANK": "0",
        "HLS_MODULE_ID": "0",
    }


def test_two_arguments_are_not_enough_to_override() -> None:
    assert initialize(dict(TORCHRUN), world_size=2, rank=1) == (4, 3, 1)


def test_visible_modules_map_the_local_rank() -> None:
    environ = {**TORCHRUN, "HABANA_VISIBLE_MODULES": "4,6"}

    initialize(environ)

    assert environ["HLS_MODULE_ID"] == "6"


def test_too_few_visible_modules_are_an_error() -> None:
    with pytest.raises(AssertionError, match="local rank 1 has no device: HABANA_VISIBLE_MODULES names 1 of them"):
        initialize({**TORCHRUN, "HABANA_VISIBLE_MODULES": "4"})


def test_a_card_that_is_set_stays() -> None:
    environ = {**TORCHRUN, "HLS_MODULE_ID": "7"}

    initialize(environ)

    assert environ["HLS_MODULE_ID"] == "7"


def test_a_rank_that_is_no_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        initialize({**TORCHRUN, "RANK": "first"})


@pytest.mark.parametrize("value", ["1", "True"])
def test_gaudis_simulation_of_many_processes_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match=f"PT_HPU_EMULATE_DISTRIBUTED={value} is not emulated") as caught:
        initialize({**TORCHRUN, "PT_HPU_EMULATE_DISTRIBUTED": value})
    assert caught.value.hint == "unset PT_HPU_EMULATE_DISTRIBUTED and start all processes; they need no cards"


@pytest.fixture
def _launched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*OPEN_MPI, *DEFAULTS, "HLS_MODULE_ID", "HABANA_VISIBLE_MODULES", "ID"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_launched")
def test_the_import_does_so() -> None:
    hccl = importlib.import_module("habana_frameworks.torch.distributed.hccl")
    importlib.reload(hccl)

    assert os.environ["HLS_MODULE_ID"] == "1"
    assert hccl.initialize_distributed_hpu() == (4, 3, 1)


@pytest.mark.usefixtures("_launched")
def test_the_old_place_warns() -> None:
    old = importlib.import_module("habana_frameworks.torch.utils.distributed_utils")

    with pytest.warns(UserWarning, match=r"distributed_utils\.initialize_distributed_hpu is deprecated"):
        assert old.initialize_distributed_hpu() == (4, 3, 1)


@pytest.mark.parametrize("place", ["distributed", "distributed.hccl", "core.hccl", "utils.distributed_utils"])
def test_a_name_that_is_not_there_is_named(place: str) -> None:
    module = importlib.import_module(f"habana_frameworks.torch.{place}")

    with pytest.raises(AttributeError, match=rf"habana_frameworks\.torch\.{place}\.nothing is not emulated"):
        _ = module.nothing
