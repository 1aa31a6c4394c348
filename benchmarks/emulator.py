"""The emulated hpu device against CPU eager, in pairs: a step of BERT-like models, and start-up over `import torch`.

python benchmarks/emulator.py [PAIRS]   (needs torch)
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import torch
from torch import nn

from migrator.emulator import activate

CASES = (
    ("hidden 128 fp32", 128, None),
    ("hidden 128 bf16 autocast", 128, torch.bfloat16),
    ("hidden 768 fp32", 768, None),
)


def trainer(device: str, hidden: int, dtype: torch.dtype | None) -> Callable[[], None]:
    """One training step of a two-layer encoder, ready to be called."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(hidden, max(2, hidden // 64), 4 * hidden, activation="gelu", batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    model = nn.Sequential(nn.Embedding(1000, hidden), encoder, nn.Linear(hidden, 1000)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    tokens = torch.randint(1000, (8, 64)).to(device)

    def step() -> None:
        with torch.autocast(device, dtype=dtype, enabled=dtype is not None):
            loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def cpu_seconds(step: Callable[[], None], steps: int) -> float:
    """Process time of some steps."""
    start = time.process_time()
    for _ in range(steps):
        step()
    return time.process_time() - start


def start_up(code: str) -> float:
    """Wall time of a process that runs `code`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print medians of the paired ratios and of the start-up differences."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    activate(autocast="cpu")
    torch.set_num_threads(1)
    for name, hidden, dtype in CASES:
        steps = 4 if hidden < 500 else 1
        on_cpu, on_hpu = trainer("cpu", hidden, dtype), trainer("hpu", hidden, dtype)
        cpu_seconds(on_cpu, steps), cpu_seconds(on_hpu, steps)  # writes the kernels, fills the caches
        times = [(cpu_seconds(on_cpu, steps), cpu_seconds(on_hpu, steps)) for _ in range(pairs)]
        ratio = median(hpu / cpu for cpu, hpu in times)
        print(f"{name:<28}{1000 * median(cpu for cpu, _ in times) / steps:8.1f} ms CPU{ratio:8.3f}x emulated")
    bare, active = "import torch", "import migrator.emulator as e; e.activate()"
    over = median(start_up(active) - start_up(bare) for _ in range(pairs))
    print(f"{'start-up over import torch':<28}{over:8.3f} s")


if __name__ == "__main__":
    main()
