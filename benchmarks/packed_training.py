"""What packing saves in training: NVIDIA's BERT at stage packed, on packed and on unpacked data.

    python -m benchmarks.packed_training [--length 512 128] [--rounds 3]

A small model on the emulated device, so on this CPU with one thread: CPU seconds a sequence, without those of starting.
The ratio is of use, the seconds are not. Lengths are as Wikipedia's: most sequences are short, a fifth is full. The two
runs of a round make as many updates, each of about as many sequences; the factor is how many sequences a packed row
holds, which is how many times more rows the unpacked run computes. Needs the upstream (a mirror or the network).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.packing_data import make_shards
from migrator.packing.memory import Memory, default_memory
from migrator.packing.pack import pack
from migrator.packing.parallel import cores
from migrator.packing.request import Request

MODEL = {
    "attention_probs_dropout_prob": 0.1,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 256,
    "initializer_range": 0.02,
    "intermediate_size": 1024,
    "max_position_embeddings": 512,
    "num_attention_heads": 4,
    "num_hidden_layers": 4,
    "type_vocab_size": 2,
    "vocab_size": 30522,
}
UPDATES = (1, 5)  # of a short and a long run
STEPS = 12  # accumulation steps of an update, unpacked
TOKENS = 512  # of a micro-batch
SEQUENCES = 2000


def migrate(*words: str, folder: Path) -> float:
    """Run `migrate`, and what it starts; returns the CPU seconds of all. What it prints is shown where it fails."""
    command, environment = [sys.executable, "-m", "migrator", *words], {**os.environ, "OMP_NUM_THREADS": "1"}
    before = os.times()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def made(folder: Path, length: int) -> float:
    """Write shards, packed ones beside them, and the model's description. Returns the sequences of a packed row."""
    (folder / "model.json").write_text(json.dumps(MODEL), encoding="utf-8")
    make_shards(folder / "made", SEQUENCES, length)
    done = pack(Request(folder / "made", folder / "packed"), Memory(default_memory(cores()), cores()))
    return float(done.manifest["sequences"] / done.manifest["rows"])


def train(port: Path, folder: Path, data: str, length: int, updates: int) -> float:
    """CPU seconds of a whole run."""
    rows = TOKENS // length
    options = {
        "input_dir": folder / data,
        "output_dir": folder / "out",
        "config_file": folder / "model.json",
        "json-summary": folder / "log.json",
        "max_seq_length": length,
        "max_predictions_per_seq": 80 if length > 128 else 20,
        "train_batch_size": rows * STEPS,
        "gradient_accumulation_steps": STEPS,
        "max_steps": updates,
        "learning_rate": 1e-4,
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    script = os.fspath(port / "run_pretraining.py")
    flags = ("--do_train", "--skip_checkpoint", "--disable_progress_bar")
    return migrate("run", "--device", "emulated", "--mode", "eager", script, *words, *flags, folder=folder)


def seconds_a_sequence(port: Path, folder: Path, data: str, length: int, per_row: float) -> float:
    """CPU seconds, without those of starting: what more updates take more.

    All rows take the same time, so which ones a short run comes upon does not matter: `per_row` is of all of them.
    """
    short, long = (train(port, folder, data, length, updates) for updates in UPDATES)
    rows = (UPDATES[1] - UPDATES[0]) * max(1, round(STEPS / per_row)) * (TOKENS // length)
    return (long - short) / (rows * per_row)


def measure(port: Path, length: int, rounds: int) -> str:
    """A row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        factor = made(folder, length)
        kinds = {"made": 1.0, "packed": factor}
        pairs = [
            tuple(seconds_a_sequence(port, folder, data, length, per_row) for data, per_row in kinds.items())
            for _ in range(rounds)
        ]
    unpacked, packed = (median(column) for column in zip(*pairs, strict=True))
    ratios = [slow / fast for slow, fast in pairs]
    ratio = f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
    return f"{length:>6}{unpacked:>12.4f}{packed:>10.4f}{ratio:>20}{factor:>8.2f}{1 - 1 / median(ratios):>8.0%}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, nargs="+", default=[512, 128])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        port = Path(name) / "port"
        migrate("apply", "nvidia-bert", "--level", "packed", "-o", os.fspath(port), folder=Path(name))
        print(f"{'tokens':>6}{'unpacked s':>12}{'packed s':>10}{'ratio':>20}{'factor':>8}{'saved':>8}")
        for length in asked.length:
            print(measure(port, length, asked.rounds), flush=True)


if __name__ == "__main__":
    main()
