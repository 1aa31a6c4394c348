"""`migrate run` on the emulated device. Needs torch."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
from pathlib import Path

import pytest

from migrator.runtime.device_choice import EMULATED_NOTE
from tests.scenarios.running import Migrate
from tests.scenarios.trainers import runs, wait_until

pytestmark = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")

NOTE = f"migrate: {EMULATED_NOTE}\n"
SIZES = """
import habana_frameworks.torch.core as htcore
import torch
for size in (4, 4, 3, 4):
    rows = torch.ones(size, 3, device="hpu")
    total = (rows @ rows.t()).sum()
    htcore.mark_step()
    print("loss:", total.item())
"""
REDUCES = """
import torch
import torch.distributed as dist
import habana_frameworks.torch.core
import habana_frameworks.torch.distributed.hccl
dist.init_process_group("hccl")
value = torch.ones(1, device="hpu") * (dist.get_rank() + 1)
dist.all_reduce(value)
print(f"rank {dist.get_rank()} of {dist.get_world_size()}: {value.item()}", flush=True)
dist.destroy_process_group()
"""
WAITS = """
import os, time
rank = os.environ["RANK"]
open(f"{rank}.new", "w").write(str(os.getpid()))
os.rename(f"{rank}.new", f"rank{rank}")
time.sleep(600)
"""


@pytest.fixture
def migrate(migrate: Migrate) -> Migrate:
    return migrate.with_variables(OMP_NUM_THREADS="1")


def test_where_there_is_no_gaudi_the_device_is_emulated_and_says_so(migrate: Migrate, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import torch\nprint(torch.ones(2, device='hpu'))")
    done = migrate(tmp_path, "run", "--mode", "eager", "train.py")
    assert (done.code, done.out, done.err) == (0, "tensor([1., 1.], device='hpu:0')\n", NOTE)


def test_counts_as_a_table_and_as_json(migrate: Migrate, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SIZES)
    done = migrate(tmp_path, "run", "--count", "--json", "counts.json", "--mode", "lazy", "train.py")
    assert (done.code, done.out) == (0, "loss: 48.0\nloss: 48.0\nloss: 27.0\nloss: 48.0\n")
    assert ": 4 step marks, 4 steps, " in done.err
    assert "\n    4  train.py:8  item\n" in done.err
    assert "\n  2 new graphs: each is compiled on a real device, closed at\n    step 1  train.py:7  " in done.err
    assert "(float32[3, 3]), before: " in done.err
    (process,) = json.loads((tmp_path / "counts.json").read_text())["processes"]
    assert (process["step_marks"], [read["count"] for read in process["host_reads"]]) == (4, [4])


def test_another_torch_is_refused(migrate: Migrate, tmp_path: Path) -> None:
    (tmp_path / "other" / "torch-2.5.1.dist-info").mkdir(parents=True)
    (tmp_path / "other" / "torch-2.5.1.dist-info" / "METADATA").write_text("Name: torch\nVersion: 2.5.1\n")
    (tmp_path / "train.py").write_text("print('started')")
    path = os.pathsep.join(filter(None, [str(tmp_path / "other"), os.environ.get("PYTHONPATH")]))
    done = migrate.with_variables(PYTHONPATH=path)(tmp_path, "run", "train.py")
    assert (done.code, done.out) == (2, "")
    assert "does not work with torch 2.5.1; tested with " in done.err


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("--cards", "2", "train.py"),
        ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "train.py"),
    ],
)
def test_two_cards(migrate: Migrate, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "train.py").write_text(REDUCES)
    done = migrate(tmp_path, "run", *words)
    assert done.code == 0, done.err
    assert sorted(done.out.splitlines()) == ["rank 0 of 2: 3.0", "rank 1 of 2: 3.0"]


@pytest.mark.slow
def test_two_cards_of_which_one_fails(migrate: Migrate, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import os, sys, time\nsys.exit(7) if os.environ['RANK'] == '1' else time.sleep(600)"
    )
    done = migrate(tmp_path, "run", "--cards", "2", "train.py")
    assert done.code == 5
    assert "migrate: the trainer failed with exit code 1\n" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_two_cards_ends_both(migrate: Migrate, tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "train.py").write_text(WAITS)
    process = migrate.start(tmp_path, "run", "--cards", "2", "train.py")
    ranks = [tmp_path / f"rank{rank}" for rank in range(2)]
    wait_until(lambda: all(path.exists() for path in ranks))
    pids = [int(path.read_text()) for path in ranks]
    assert all(map(runs, pids))
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert not any(map(runs, pids))
