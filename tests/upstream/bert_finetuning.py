"""NVIDIA BERT's scripts of fine-tuning, with small data: what they are given, and what they leave."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.upstream import bert_data
from tests.upstream.running import Ended, run

# SQuAD's published script prints a dictionary in this form; run_squad.py cuts it at the colons.
_EVALUATES = """
import json, sys
articles, predicted = (json.load(open(name)) for name in sys.argv[1:])
asked = [q for article in articles["data"] for paragraph in article["paragraphs"] for q in paragraph["qas"]]
share = 100 * sum(predicted[q["id"]] == q["answers"][0]["text"] for q in asked) / len(asked)
print(json.dumps({"exact_match": share, "f1": share}))
"""


def write_data(folder: Path, code: Path) -> None:
    """Everything that the scripts read. What they are evaluated with is what they were trained with."""
    bert_data.write_vocabulary(folder / "vocab.txt")
    bert_data.write_config(folder / "bert_config.json")
    bert_data.write_squad(folder / "squad.json", questions=24)
    (folder / "evaluate.py").write_text(_EVALUATES, encoding="utf-8")
    for name, write in (("mrpc", bert_data.write_mrpc), ("swag", bert_data.write_swag)):
        (folder / name).mkdir()
        write(folder / name, **{"pairs" if name == "mrpc" else "questions": 24})
    shutil.copy(folder / "mrpc" / "train.tsv", folder / "mrpc" / "dev.tsv")
    shutil.copy(folder / "swag" / "train.csv", folder / "swag" / "val.csv")
    (folder / "lines.txt").write_text("bar lel ||| son fin\nnum pel dar\n", encoding="utf-8")
    bert_data.write_model(folder, code)


@dataclass(frozen=True)
class Bert:
    """The scripts in `code`, the data in `data`, and an empty folder, `place`, where they run and write `out`."""

    code: Path
    data: Path
    place: Path

    @property
    def out(self) -> Path:
        """The scripts' output folder."""
        return self.place / "out"

    def another(self, name: str) -> Bert:
        """The same, in a folder of its own."""
        place = self.place / name
        place.mkdir()
        return replace(self, place=place)

    def words(self, script: str, *more: str | Path) -> list[str | Path]:
        """The script and its arguments; `more` comes last, and wins."""
        return [self.code / script, *_words(_ARGUMENTS[script](self)), *more]

    def run(self, script: str, *more: str | Path, mode: str = "lazy") -> Ended:
        """Run a script in one process."""
        return run(self.place, *self.words(script, *more), mode=mode)

    def losses(self) -> list[float]:
        """What run_squad.py logged, step by step."""
        logged = (json.loads(line.removeprefix("DLLL ")) for line in self._lines("squad.json"))
        return [line["data"]["step_loss"] for line in logged if "step_loss" in line.get("data", {})]

    def results(self) -> dict[str, Any]:
        """What run_glue.py or run_swag.py wrote at its end."""
        if (self.out / "results.txt").exists():
            return dict(json.loads((self.out / "results.txt").read_text(encoding="utf-8")))
        return {key: float(value) for key, value in (line.split(" = ") for line in self._lines("out/eval_results.txt"))}

    def predictions(self) -> dict[str, str]:
        """What run_squad.py answers, or run_glue.py says of each pair."""
        return dict(json.loads((self.out / "predictions.json").read_text(encoding="utf-8")))

    def answers(self) -> dict[str, str]:
        """The right ones to the questions."""
        (article,) = json.loads((self.data / "squad.json").read_text(encoding="utf-8"))["data"]
        asked = [question for paragraph in article["paragraphs"] for question in paragraph["qas"]]
        return {question["id"]: question["answers"][0]["text"] for question in asked}

    def _lines(self, name: str) -> list[str]:
        return (self.place / name).read_text(encoding="utf-8").splitlines()


def weights(path: Path) -> dict[str, Any]:
    """The tensors of a checkpoint, on the CPU."""
    import torch  # noqa: PLC0415 - the fixtures skip without it

    state = torch.load(path, map_location="cpu", weights_only=True)
    return dict(state.get("model", state))


def farthest(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The largest difference between two checkpoints, which hold the same names."""
    assert one.keys() == other.keys()
    return max(float((one[name].float() - other[name].float()).abs().max()) for name in one)


def _words(options: Mapping[str, object]) -> list[str]:
    """An option each; one that is True has no value."""
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items()]


def _model(bert: Bert) -> dict[str, object]:
    files = {"vocab_file": "vocab.txt", "config_file": "bert_config.json", "init_checkpoint": "init.pt"}
    return {"bert_model": "tiny", "do_lower_case": True, **{name: bert.data / file for name, file in files.items()}}


def _squad(bert: Bert) -> dict[str, object]:
    questions = dict.fromkeys(("train_file", "predict_file"), bert.data / "squad.json")
    files = {
        "eval_script": bert.data / "evaluate.py",
        "output_dir": bert.out,
        "json-summary": bert.place / "squad.json",
    }
    lengths = {"max_seq_length": 64, "doc_stride": 32, "max_query_length": 16, "train_batch_size": 8}
    said = {"skip_cache": True, "disable-progress-bar": True, "log_freq": 1}
    return {**_model(bert), **questions, **files, **lengths, **said}


def _glue(bert: Bert) -> dict[str, object]:
    folders = {"data_dir": bert.data / "mrpc", "output_dir": bert.out}
    return {**_model(bert), **folders, "task_name": "mrpc", "max_seq_length": 32, "train_batch_size": 8}


def _swag(bert: Bert) -> dict[str, object]:
    model = {"bert_model": bert.data / "model", "init_checkpoint": bert.data / "model" / "pytorch_model.bin"}
    folders = {"data_dir": bert.data / "swag", "output_dir": bert.out}
    return {**model, **folders, "do_lower_case": True, "max_seq_length": 32, "train_batch_size": 8}


def _features(bert: Bert) -> dict[str, object]:
    files = {"input_file": bert.data / "lines.txt", "output_file": bert.out, "bert_model": bert.data / "model"}
    return {**files, "do_lower_case": True, "max_seq_length": 16, "layers": "-1,-2"}


def _inference(bert: Bert) -> dict[str, object]:
    return {**_model(bert), "question": "bar ?", "context": "bar lel son fin", "max_seq_length": 32}


_ARGUMENTS = {
    "run_squad.py": _squad,
    "run_glue.py": _glue,
    "run_swag.py": _swag,
    "extract_features.py": _features,
    "inference.py": _inference,
}
