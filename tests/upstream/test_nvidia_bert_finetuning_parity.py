"""NVIDIA BERT's scripts of fine-tuning, migrated, train the same weights as the upstream's own scripts on the CPU."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.upstream.bert_finetuning import Bert, farthest, weights
from tests.upstream.running import environment

pytestmark = [pytest.mark.upstream, pytest.mark.slow]

TRAINED = ("--do_train", "--num_train_epochs", "4", "--learning_rate", "1e-3", "--gradient_accumulation_steps", "2")
EMBEDDINGS = "bert.embeddings.word_embeddings.weight"
DLLOGGER = Path(__file__).resolve().parents[2] / "patches" / "shared" / "dllogger_stand_in.py"
# What the upstream imports and a CPU does not have. A machine with one GPU is what its batch sizes need.
STAND_INS = {
    "apex/__init__.py": "",
    "apex/amp.py": """
def master_params(optimizer):
    return (parameter for group in optimizer.param_groups for parameter in group["params"])
""",
    "apex/optimizers.py": "FusedAdam = None",
    "apex/multi_tensor_apply.py": """
class Applier:
    available = True

    def __call__(self, kernel, buffer, lists, *more):
        return kernel(lists, *more)

multi_tensor_applier = Applier()
""",
    "amp_C.py": """
import torch

torch.cuda.IntTensor = torch.IntTensor
torch.cuda.device_count = lambda: 1
multi_tensor_lamb_stage1_cuda = multi_tensor_lamb_stage2_cuda = None

def multi_tensor_l2norm(lists, per_tensor):
    return torch.cat([tensor.flatten() for tensor in lists[0]]).norm(), None

def multi_tensor_scale(lists, factor):
    for source, target in zip(*lists):
        target.copy_(source * factor)
""",
    "boto3.py": "",
    "botocore/__init__.py": "",
    "botocore/exceptions.py": "class ClientError(Exception): pass",
    "triton.py": "raise ImportError('the folder of that name is not the compiler')",
    "wget.py": "",
}


def train_upstream(bert: Bert, upstream: Path, script: str, *more: str) -> None:
    """Run the upstream's own script on the CPU."""
    stand_ins = bert.place / "stand_ins"
    for name, text in STAND_INS.items():
        (stand_ins / name).parent.mkdir(parents=True, exist_ok=True)
        (stand_ins / name).write_text(text, encoding="utf-8")
    shutil.copy(DLLOGGER, stand_ins / "dllogger.py")
    command = [sys.executable, *map(str, replace(bert, code=upstream).words(script, *more, "--no_cuda"))]
    variables = environment(PYTHONPATH=os.fspath(stand_ins))
    done = subprocess.run(command, cwd=bert.place, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", ["run_squad.py", "run_glue.py", "run_swag.py"])
def test_the_same_weights_as_the_upstream_on_the_cpu(bert: Bert, bert_upstream: Path, script: str) -> None:
    """Also the same names of weights. Clipping, accumulation, warm-up and weight decay are in it."""
    theirs, ours = bert.another("theirs"), bert.another("ours")
    train_upstream(theirs, bert_upstream, script, *TRAINED)
    ours.run(script, *TRAINED)
    trained = weights(ours.out / "pytorch_model.bin")
    assert farthest(trained, weights(theirs.out / "pytorch_model.bin")) < 1e-5
    start = weights(bert.data / "init.pt")[EMBEDDINGS]
    assert float((trained[EMBEDDINGS] - start).abs().max()) > 1e-3
    if script == "run_squad.py":
        assert ours.losses() == pytest.approx(theirs.losses(), abs=1e-5)
    if script == "run_glue.py":
        assert ours.results()["train:loss"] == pytest.approx(theirs.results()["train:loss"], abs=1e-5)
