"""NVIDIA BERT's scripts of fine-tuning, migrated, on the emulated device: they learn, and leave what they promise."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.upstream.bert_finetuning import Bert, farthest, weights
from tests.upstream.running import run, run_by_mpi

pytestmark = pytest.mark.upstream

# Enough to learn 24 examples by heart, which is what they are then asked.
SQUAD = ("--do_train", "--do_predict", "--do_eval", "--num_train_epochs", "40", "--learning_rate", "5e-3")
GLUE = ("--do_train", "--do_eval", "--do_predict", "--num_train_epochs", "20", "--learning_rate", "2e-3")
SWAG = ("--do_train", "--do_eval", "--num_train_epochs", "60", "--learning_rate", "2e-3")
BOTH = pytest.mark.parametrize("kind", ["", "--fp16"])
CLIPS = """
import sys
import torch
sys.path.insert(0, sys.argv.pop(1))
import habana_frameworks.torch.core
import fused_adam, run_glue, run_squad

def parameters(scale):
    torch.manual_seed(0)
    made = [torch.nn.Parameter(torch.ones(rows, 3, device="hpu")) for rows in (2, 5, 1)]
    for parameter in made[:2]:
        parameter.grad = torch.randn(parameter.shape).to("hpu") * scale
    return made

def differ(ours, theirs):
    return max(float((a - b).abs().max()) for a, b in zip(ours, theirs))

for scale in (0.01, 10.0):
    for script in (run_squad, run_glue):
        ours, theirs = parameters(scale), parameters(scale)
        script.GradientClipper(max_grad_norm=1.0).step(iter(ours))
        torch.nn.utils.clip_grad_norm_(theirs, 1.0)
        print(differ([p.grad for p in ours[:2]], [p.grad for p in theirs[:2]]))
    ours, theirs = parameters(scale), parameters(scale)
    torch.nn.utils.clip_grad_norm_(theirs, 1.0)
    for clipped, params in (1.0, ours), (0.0, theirs):
        fused_adam.FusedAdam(params, lr=0.1, bias_correction=False, max_grad_norm=clipped, eps=1.0).step()
    print(differ(ours, theirs))
"""


def complaints(err: str) -> list[str]:
    """Lines about CUDA or apex, and warnings."""
    words = ("cuda", "apex", "warning", "deprecated")
    return [line for line in err.splitlines() if any(word in line.lower() for word in words)]


@pytest.fixture(scope="session")
def squad(bert_minimal: Path, finetuning_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Bert:
    """What run_squad.py leaves behind after it learnt by heart, in float32; what it printed is beside it."""
    bert = Bert(bert_minimal, finetuning_data, tmp_path_factory.mktemp("squad"))
    ended = bert.run("run_squad.py", *SQUAD)
    (bert.place / "printed").write_text(ended.out, encoding="utf-8")
    assert complaints(ended.err) == []
    return bert


def test_squad_learns_by_heart(squad: Bert) -> None:
    printed = (squad.place / "printed").read_text(encoding="utf-8")
    assert "device: hpu n_gpu: 1, distributed training: False, 16-bits training: False" in printed
    assert " exact_match : 100.0  F1 : 100.0" in printed
    losses = squad.losses()
    assert losses[0] == pytest.approx(math.log(64), abs=0.2)  # it knows nothing yet of 64 places
    assert losses[-1] < 0.1
    assert squad.predictions() == squad.answers()


def test_squad_keeps_the_pooler_that_it_does_not_train(squad: Bert) -> None:
    """DistributedDataParallel needs it frozen. Names and number of weights are what they were."""
    before, after = weights(squad.data / "init.pt"), weights(squad.out / "pytorch_model.bin")
    assert after.keys() - before.keys() == {"qa_outputs.weight", "qa_outputs.bias"}
    assert {name for name in before.keys() - after.keys() if not name.startswith("cls.")} == set()
    same = {name for name in before.keys() & after.keys() if before[name].equal(after[name])}
    assert same == {"bert.pooler.dense_act.weight", "bert.pooler.dense_act.bias"}


@pytest.mark.parametrize("kind", ["", pytest.param("--fp16", marks=pytest.mark.slow)])
def test_squad_predicts_from_its_own_checkpoint(squad: Bert, bert: Bert, kind: str) -> None:
    """In bfloat16 the whole model is."""
    bert.run("run_squad.py", "--init_checkpoint", squad.out / "pytorch_model.bin", "--do_predict", *kind.split())
    assert bert.predictions() == squad.predictions()


@pytest.mark.parametrize(
    "kind", ["", *(pytest.param(word, marks=pytest.mark.slow) for word in ("--fp16", "--no_cuda"))]
)
def test_inference_answers_as_it_was_taught(squad: Bert, bert: Bert, kind: str) -> None:
    (article,) = json.loads((squad.data / "squad.json").read_text(encoding="utf-8"))["data"]
    paragraph = article["paragraphs"][0]
    asked = ("--context", paragraph["context"], "--question", paragraph["qas"][0]["question"], *kind.split())
    ended = bert.run("inference.py", "--init_checkpoint", squad.out / "pytorch_model.bin", *asked)
    assert complaints(ended.err) == []
    assert f"\n{squad.answers()['0']}\n" in ended.out


@pytest.mark.slow
def test_inference_takes_the_rank_that_mpirun_says(squad: Bert, bert: Bert) -> None:
    """As a number: the option had no type, and what the environment says is text."""
    words = bert.words("inference.py", "--init_checkpoint", squad.out / "pytorch_model.bin")
    (ended,) = run_by_mpi(bert.place, *words, size=1)
    assert '"text": ' in ended.out


@pytest.mark.parametrize("kind", ["", pytest.param("--no_cuda", marks=pytest.mark.slow)])
def test_features_of_several_layers(bert: Bert, kind: str) -> None:
    ended = bert.run("extract_features.py", *kind.split())
    assert complaints(ended.err) == []
    lines = [json.loads(line) for line in bert.out.read_text(encoding="utf-8").splitlines()]
    assert [[f["token"] for f in line["features"]] for line in lines] == [
        ["[CLS]", "bar", "lel", "[SEP]", "son", "fin", "[SEP]"],
        ["[CLS]", "num", "pel", "dar", "[SEP]"],
    ]
    last, before = lines[0]["features"][0]["layers"]
    assert (last["index"], before["index"]) == (-1, -2)
    assert len(last["values"]) == len(before["values"]) == 32
    assert last["values"] != before["values"]
    # what leaves a layer is normalized
    assert sum(x * x for x in before["values"]) == pytest.approx(32, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["--fp16", "--amp"])
def test_squad_learns_in_bfloat16(bert: Bert, kind: str) -> None:
    ended = bert.run("run_squad.py", *SQUAD, kind)
    assert complaints(ended.err) == []
    assert "16-bits training: True" in ended.out
    assert bert.losses()[-1] < 0.1
    assert bert.predictions() == bert.answers()
    assert {tensor.dtype.itemsize for tensor in weights(bert.out / "pytorch_model.bin").values()} == {4}


@pytest.mark.parametrize("kind", ["--fp16", pytest.param("", marks=pytest.mark.slow)])
def test_glue_learns_by_heart(bert: Bert, kind: str) -> None:
    ended = bert.run("run_glue.py", *GLUE, *kind.split())
    assert complaints(ended.err) == []
    results = bert.results()
    assert (results["acc"], results["f1"]) == (1.0, 1.0)
    assert results["train:loss"] < 0.2
    assert results["infer:latency(ms):avg"] > 0
    assert len(bert.predictions()) == 24


@pytest.mark.slow
@BOTH
def test_swag_learns_by_heart(bert: Bert, kind: str) -> None:
    ended = bert.run("run_swag.py", *SWAG, *kind.split())
    assert complaints(ended.err) == []
    assert bert.results()["eval_accuracy"] == 1.0
    assert bert.results()["loss"] < 0.3


def test_swag_evaluates_what_it_has_not_trained(bert: Bert) -> None:
    bert.run("run_swag.py", "--do_eval")
    assert bert.results().keys() == {"eval_accuracy", "eval_loss", "global_step"}
    assert bert.results()["eval_loss"] == pytest.approx(math.log(4), abs=0.05)  # of four endings it knows nothing


@pytest.mark.slow
@pytest.mark.parametrize("script", ["run_squad.py", "run_glue.py", "run_swag.py"])
def test_no_cuda_is_the_cpu_still(bert: Bert, script: str) -> None:
    """With the same results, since float32 on the emulated device is the CPU's."""
    told = ("--do_train", "--num_train_epochs", "2", "--learning_rate", "1e-3")
    there, here = bert.another("hpu"), bert.another("cpu")
    there.run(script, *told)
    ended = here.run(script, *told, "--no_cuda")
    assert "device: cpu" in ended.out + ended.err
    assert complaints(ended.err) == []
    assert farthest(weights(there.out / "pytorch_model.bin"), weights(here.out / "pytorch_model.bin")) < 1e-6


def test_gradients_are_clipped_as_torch_clips_them(bert: Bert) -> None:
    script = bert.place / "clips.py"
    script.write_text(CLIPS, encoding="utf-8")
    differences = [float(line) for line in run(bert.place, script, bert.code).out.splitlines()]
    assert len(differences) == 6
    assert max(differences) < 1e-5
