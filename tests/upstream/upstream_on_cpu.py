"""Runs the unmodified upstream of nvidia-bert on the CPU, with empty modules in the place of apex and its like.

    python -m tests.upstream.upstream_on_cpu train CODE SPECIFICATION.json RESULT.npz
    python -m tests.upstream.upstream_on_cpu load CODE CONFIG CHECKPOINT...

`train` computes losses and gradients in float64 with the upstream's model, data set and criterion, and moves the
weights by our own LAMB. `load` does what the upstream does with a checkpoint, with torch.load as it was at that time.
"""

from __future__ import annotations

import json
import sys
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from tests.numpy_lamb import NumpyLamb, Settings
from tests.upstream.learning_rate import warm_up_and_decay

_ABSENT = ("apex", "apex.amp", "apex.optimizers", "apex.parallel", "apex.parallel.distributed", "amp_C", "apex_C")
_ABSENT += ("dllogger", "boto3", "botocore", "botocore.exceptions")
_WITHOUT_DECAY = ("bias", "LayerNorm")


class _Absent(ModuleType):
    """A module that has every name, and is no package."""

    def __getattr__(self, name: str) -> type[object]:
        if name.startswith("__"):
            raise AttributeError(name)
        return object


def upstream(code: str) -> Any:
    """The upstream's run_pretraining, imported."""
    sys.modules.update({name: _Absent(name) for name in _ABSENT})
    sys.modules["triton"] = None  # type: ignore[assignment]  # its folder of that name is not the compiler
    sys.path.insert(0, code)
    import run_pretraining  # type: ignore[import-not-found]  # noqa: PLC0415

    return run_pretraining


def batch(script: Any, shard: str) -> list[torch.Tensor]:
    """All samples of a shard."""
    samples = script.pretraining_dataset(shard, max_pred_length=5)
    return [torch.stack(tensors) for tensors in zip(*(samples[i] for i in range(len(samples))), strict=True)]


def train(code: str, specification: str, result: str) -> None:
    """Train on shards[step][process][part], each shard being one micro batch."""
    told, script = json.loads(Path(specification).read_text()), upstream(code)
    torch.manual_seed(told["seed"])
    config = script.modeling.BertConfig.from_json_file(told["config"])
    script.modeling.ACT2FN["bias_gelu"] = script.modeling.bias_gelu_training
    model, criterion = script.modeling.BertForPreTraining(config).double(), script.BertPretrainingCriterion(128)
    parameters = dict(model.named_parameters())
    weights = {name: p.detach().numpy() for name, p in parameters.items()}  # NumPy and torch share the memory
    decays = [0.0 if any(part in name for part in _WITHOUT_DECAY) else 0.01 for name in weights]
    lamb = NumpyLamb([*weights.values()], [Settings(weight_decay=decay) for decay in decays])
    losses: list[list[float]] = []
    rates: list[float] = []
    for number, processes in enumerate(told["shards"], 1):
        model.zero_grad()
        losses.append([])
        for parts in processes:
            found = [_loss(model, criterion, batch(script, shard)) for shard in parts]
            (sum(found) / len(found) / len(processes)).backward()
            losses[-1].append(float(sum(found)) / len(found))
        rates.append(warm_up_and_decay(number, **told["rate"]))
        lamb.step([p.grad.numpy() for p in parameters.values()], rates[-1])
    np.savez(result, losses=np.array(losses), rates=np.array(rates), **{f"weights {n}": w for n, w in weights.items()})


def _loss(model: Any, criterion: Any, tensors: list[torch.Tensor]) -> Any:
    ids, segments, mask, labels, next_labels = tensors
    return criterion(*model(input_ids=ids, token_type_ids=segments, attention_mask=mask), labels, next_labels)


def load(code: str, config: str, *checkpoints: str) -> None:
    """Load checkpoints into the upstream's model, and go through the loader of data that lies in one of mid-run."""
    script, main = upstream(code), sys.modules["__main__"]
    main.pretraining_dataset = script.pretraining_dataset  # type: ignore[attr-defined]  # it was the main module there
    main.WorkerInitObj = script.WorkerInitObj  # type: ignore[attr-defined]
    print(json.dumps([_read(script, config, checkpoint) for checkpoint in checkpoints]))  # noqa: T201


def _read(script: Any, config: str, checkpoint: str) -> dict[str, Any]:
    found = torch.load(checkpoint, map_location="cpu", weights_only=False)
    model = script.modeling.BertForPreTraining(script.modeling.BertConfig.from_json_file(config))
    model.load_state_dict(found["model"], strict=True)
    groups: list[list[Any]] = [[], []]
    for name, parameter in model.named_parameters():
        groups[any(part in name for part in _WITHOUT_DECAY)].append(parameter)
    optimizer = torch.optim.SGD([{"params": group} for group in groups])  # it keeps whatever a checkpoint has
    optimizer.load_state_dict(found["optimizer"])
    parameters, loader = [*chain(*groups)], found["data_loader"]
    return {
        "keys": sorted(found),
        "masters": all(map(torch.equal, parameters, found["master params"])),
        "moments": all({"exp_avg", "exp_avg_sq"} <= set(optimizer.state[p]) for p in parameters),
        "step": [group["step"] for group in optimizer.param_groups],
        "devices": sorted({str(t.device) for t in found["model"].values()}),
        "dtypes": sorted({str(t.dtype) for t in found["model"].values()}),
        "batches": loader and [[list(t.shape) for t in tensors] for tensors in loader],
        "files": [found["files"][0], len(found["files"]) - 1],
        "epoch": found["epoch"],
    }


if __name__ == "__main__":
    {"train": train, "load": load}[sys.argv[1]](*sys.argv[2:])
