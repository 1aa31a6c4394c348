"""Training on two processes: what it computes is what one process computes, or what plain DDP computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.emulator.launching import results, run_by_torch

EXACT = (
    "device_ids=[0]",
    "device_ids=[hpu:0]",
    "small buckets",
    "gradient_as_bucket_view",
    "static_graph",
    "find_unused_parameters",
    "no_sync",
    "allreduce_hook",
    "ZeroRedundancyOptimizer",
)
LOW_PRECISION = ("bf16_compress_hook", "fp16_compress_hook")
SHARDED = (
    "fsdp1",
    "fsdp1 moved first",
    "fsdp1 use_orig_params",
    "fsdp1 SHARD_GRAD_OP",
    "fsdp2",
    "fsdp2 replicated",
    "fsdp2 offloaded",
)


def test_two_processes_train_like_one_with_both_batches(tmp_path: Path) -> None:
    run_by_torch("data_parallel.py", tmp_path)
    first, second = results(tmp_path)
    together, alone = first["together"], first["alone"]

    assert together == second["together"]  # the ranks' parameters, to the last bit
    assert len(alone["losses"]) == 50
    assert alone["losses"][-1] < alone["losses"][0] / 2
    assert together["losses"] == pytest.approx(alone["losses"], rel=1e-5)
    for mine, wanted in zip(
        map(torch.tensor, together["parameters"]), map(torch.tensor, alone["parameters"]), strict=True
    ):
        assert (mine - wanted).norm() <= 1e-5 * wanted.norm()


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("options")
    run_by_torch("data_parallel_options.py", folder)
    return results(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXACT)
def test_an_option_changes_nothing_but_rounding(options: list[dict[str, Any]], name: str) -> None:
    for rank in options:
        assert rank[name] == pytest.approx(rank["plain"], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOW_PRECISION)
def test_compressed_gradients_are_close(options: list[dict[str, Any]], name: str) -> None:
    for rank in options:
        assert rank[name] == pytest.approx(rank["plain"], rel=5e-3)
        assert rank[name] != rank["plain"]


@pytest.mark.slow
def test_power_sgd_is_plain_until_it_starts(options: list[dict[str, Any]]) -> None:
    for rank in options:
        assert rank["powerSGD_hook"][:2] == pytest.approx(rank["plain"][:2], rel=1e-5)
        assert rank["powerSGD_hook"][2:] != pytest.approx(rank["plain"][2:], rel=1e-5)


@pytest.mark.slow
def test_parameters_may_be_unused(options: list[dict[str, Any]]) -> None:
    assert options[0]["unused"] == options[1]["unused"]


@pytest.mark.slow
def test_ranks_may_have_different_numbers_of_steps(options: list[dict[str, Any]]) -> None:
    assert [rank["joined"] for rank in options] == [2, 3]


@pytest.mark.slow
def test_a_state_dict_goes_into_a_network_that_has_trained(options: list[dict[str, Any]]) -> None:
    for rank in options:
        changed_by_a_step, loaded, changed_again, same_parameter = rank["loaded"]
        assert (not changed_by_a_step, loaded, not changed_again, same_parameter) == (True,) * 4


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("sharded")
    run_by_torch("sharded.py", folder)
    return results(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHARDED)
def test_sharding_trains_like_plain_data_parallel(sharded: list[dict[str, Any]], name: str) -> None:
    for rank in sharded:
        assert rank[name] == pytest.approx(rank["plain"], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bfloat16 fsdp1", "bfloat16 fsdp2"])
def test_sharding_in_bfloat16_is_close(sharded: list[dict[str, Any]], name: str) -> None:
    for rank in sharded:
        assert rank[name] == pytest.approx(rank["plain"], rel=5e-3)
        assert rank[name] != rank["plain"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["full", "sharded", "local", "checkpoint"])
def test_training_goes_on_from_a_saved_state(sharded: list[dict[str, Any]], name: str) -> None:
    for rank in sharded:
        on, resumed = rank[f"resumed {name}"]
        assert resumed == on


@pytest.mark.slow
def test_distributed_tensors_compute_as_whole_ones(sharded: list[dict[str, Any]]) -> None:
    for rank in sharded:
        assert rank["DTensor"] == [True, "hpu:0", [2, 4]]
        assert rank["tensor parallel"]


@pytest.mark.slow
def test_the_norm_of_sharded_gradients_is_that_of_whole_ones(sharded: list[dict[str, Any]]) -> None:
    for rank in sharded:
        whole, shards = rank["clipped"]
        assert shards == pytest.approx(whole, rel=1e-5)
