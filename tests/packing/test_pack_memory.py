"""Memory stays below what --memory says, at any size of the data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.packing import oracle
from tests.packing.made_data import DTYPES, Rows, shard_name, write_shard

ROWS, LENGTH, MASKED = 40_000, 256, 40

# Of the process alone: getrusage counts what its parent had in memory when it started it.
PEAK = """
import json, sys
from pathlib import Path
from migrator.packing.memory import Memory
from migrator.packing.pack import pack
from migrator.packing.request import Packing, Request

done = pack(Request(Path(sys.argv[1]), Path(sys.argv[2]), packing=Packing(per_row=4)), Memory(int(sys.argv[3]), 2))
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps([int(status["VmHWM"].split()[0]) * 1024, done.manifest["sequences"]]))
"""


def many_rows(seed: int) -> Rows:
    """As `random_rows`, but without a loop."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(5, LENGTH + 1, ROWS)
    real = np.arange(LENGTH) < lengths[:, None]
    masked = np.arange(MASKED) < np.minimum(MASKED, lengths // 7)[:, None]
    return {
        "input_ids": rng.integers(0, 30522, real.shape, np.int32) * real,
        "input_mask": real.astype(np.int8),
        "segment_ids": (real & (np.arange(LENGTH) > lengths[:, None] // 2)).astype(np.int8),
        "masked_lm_positions": np.arange(1, MASKED + 1, dtype=np.int32) * masked,
        "masked_lm_ids": rng.integers(0, 30522, masked.shape, np.int32) * masked,
        "next_sentence_labels": rng.integers(0, 2, ROWS).astype(np.int8),
    }


def peak(source: Path, output: Path, limit: int) -> int:
    """Bytes, of a process of its own."""
    command = [sys.executable, "-c", PEAK, str(source), str(output), str(limit)]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    used, sequences = json.loads(ran.stdout)
    assert sequences == ROWS * len(oracle.shards(source))
    return int(used)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak")
def test_the_peak_stays_below_the_limit(tmp_path: Path) -> None:
    rows = many_rows(0)
    assert list(rows) == list(DTYPES)
    write_shard(tmp_path / "once" / shard_name(0), rows)
    for number in range(4):
        write_shard(tmp_path / "often" / shard_name(number), rows if number == 0 else many_rows(number))

    limit = 250 * 2**20
    once = peak(tmp_path / "once", tmp_path / "one", limit)
    often = peak(tmp_path / "often", tmp_path / "four", limit)
    roomy = peak(tmp_path / "often", tmp_path / "roomy", 2**30)

    assert often < limit
    assert roomy < 2**30
    more_data = 3 * ROWS * LENGTH * 6  # decoded, without the masked tokens
    assert often - once < more_data / 3  # what is known of each sequence, and pages of the spill that are mapped
    assert oracle.everything(tmp_path / "four") == oracle.everything(tmp_path / "roomy")
