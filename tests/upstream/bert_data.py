"""Small data in the real formats that NVIDIA's BERT scripts read, made here: shards, SQuAD, MRPC, SWAG, vocabulary."""

from __future__ import annotations

import csv
import json
import random
import shutil
import string
from pathlib import Path

import h5py
import numpy as np

from tests.upstream.running import run

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = tuple(a + b for a in "bdfgklmnprst" for b in ("ar", "el", "in", "on", "um"))
CONFIG = {
    "attention_probs_dropout_prob": 0.0,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.0,
    "hidden_size": 32,
    "initializer_range": 0.02,
    "intermediate_size": 64,
    "max_position_embeddings": 128,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "type_vocab_size": 2,
    "vocab_size": 128,
}

_MAKES_A_MODEL = """
import sys
import torch
code, config, checkpoint, weights = sys.argv[1:]
sys.path.insert(0, code)
import modeling
torch.manual_seed(0)
state = modeling.BertForPreTraining(modeling.BertConfig.from_json_file(config)).state_dict()
torch.save({"model": state}, checkpoint)
torch.save(state, weights)
"""


def write_vocabulary(path: Path) -> list[str]:
    """A WordPiece vocabulary: special tokens, letters and punctuation, our words. Returns it."""
    pieces = [*SPECIAL, *string.ascii_lowercase, ".", ",", "?", *(f"##{letter}" for letter in "aeiou"), *WORDS]
    path.write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    return pieces


def write_config(path: Path, **changes: object) -> None:
    """The model's description, tiny and without dropout."""
    path.write_text(json.dumps({**CONFIG, **changes}), encoding="utf-8")


def write_shard(
    path: Path, *, samples: int, length: int = 32, masked: int = 5, seed: int = 0, distinct: int | None = None
) -> None:
    """One HDF5 shard of pre-training data, with the six arrays that the upstream's `create_pretraining_data` writes.

    Of `distinct` different samples each comes again and again.
    Shapes: input_ids, input_mask, segment_ids (samples, length); masked_lm_positions, masked_lm_ids (samples, masked);
    next_sentence_labels (samples,).
    """
    draw, made = np.random.default_rng(seed), distinct or samples
    ids = draw.integers(len(SPECIAL), CONFIG["vocab_size"] - 8, (made, length))
    used = draw.integers(length // 2, length + 1, made)
    places = np.arange(length)[None, :]
    mask = places < used[:, None]
    ids[:, 0] = SPECIAL.index("[CLS]")
    ids[np.arange(made), used - 1] = SPECIAL.index("[SEP]")
    positions = np.sort([draw.permutation(np.arange(1, length // 2 - 1))[:masked] for _ in range(made)], axis=1)
    labels = np.take_along_axis(ids, positions, axis=1)
    np.put_along_axis(ids, positions, SPECIAL.index("[MASK]"), axis=1)
    arrays = {
        "input_ids": (ids * mask).astype("int32"),
        "input_mask": mask.astype("int8"),
        "segment_ids": ((places >= used[:, None] // 2) & mask).astype("int8"),
        "masked_lm_positions": positions.astype("int32"),
        "masked_lm_ids": labels.astype("int32"),
        "next_sentence_labels": draw.integers(0, 2, made).astype("int8"),
    }
    with h5py.File(path, "w") as shard:
        for name, array in arrays.items():
            whole = np.resize(array, (samples, *array.shape[1:]))
            shard.create_dataset(name, data=whole, compression="gzip")


def write_text_shard(path: Path, *, samples: int, length: int = 32, masked: int = 5, seed: int = 0) -> None:
    """One HDF5 shard as `write_shard` writes it, with lengths and words as texts have them: most sequences are short.

    A fifth of the sequences is full, as in Wikipedia's (arXiv 2107.02027). Few words are frequent, and a sentence that
    does not follow the one before has other words, so that both of the model's heads have something to learn.
    """
    draw = np.random.default_rng(seed)
    shares = np.exp(-np.arange(length) / (0.3 * length)) * (np.arange(length) >= 7)
    shares[-1] = shares.sum() / 4
    used = draw.choice(length, samples, p=shares / shares.sum()) + 1
    other = draw.integers(0, 2, samples)
    words = (CONFIG["vocab_size"] - 8 - len(SPECIAL)) // 2
    frequent = 1 / np.arange(1, words + 1)
    ids = len(SPECIAL) + draw.choice(words, (samples, length), p=frequent / frequent.sum())
    places, middle = np.arange(length), used // 2
    second = (places >= middle[:, None]) & (places < used[:, None])
    ids += words * (second & (other == 1)[:, None])
    rows = np.arange(samples)
    ids[:, 0], ids[rows, middle - 1], ids[rows, used - 1] = (SPECIAL.index(t) for t in ("[CLS]", "[SEP]", "[SEP]"))
    positions = np.zeros((samples, masked), int)
    for row, whole in enumerate(used):
        words_of = np.setdiff1d(np.arange(1, whole - 1), middle[row] - 1)
        count = min(masked, max(1, round(0.15 * whole)))
        positions[row, :count] = np.sort(draw.permutation(words_of)[:count])
    labels = np.take_along_axis(ids, positions, axis=1) * (positions > 0)
    for row, found in enumerate(positions):
        ids[row, found[found > 0]] = SPECIAL.index("[MASK]")
    real = places < used[:, None]
    arrays = {
        "input_ids": (ids * real).astype("int32"),
        "input_mask": real.astype("int8"),
        "segment_ids": second.astype("int8"),
        "masked_lm_positions": positions.astype("int32"),
        "masked_lm_ids": labels.astype("int32"),
        "next_sentence_labels": other.astype("int8"),
    }
    with h5py.File(path, "w") as shard:
        for name, array in arrays.items():
            shard.create_dataset(name, data=array, compression="gzip")


def write_squad(path: Path, *, questions: int, seed: int = 0) -> None:
    """A SQuAD 1.1 file: one article, a paragraph for each question, the answer being words of the paragraph."""
    draw = random.Random(seed)
    paragraphs = []
    for number in range(questions):
        words = draw.choices(WORDS, k=20)
        first = draw.randrange(15)
        answer = " ".join(words[first : first + 3])
        start = len(" ".join(words[:first])) + bool(first)
        question = {"id": str(number), "question": f"{words[first]} {draw.choice(WORDS)} ?"}
        answers = [{"text": answer, "answer_start": start}]
        paragraphs.append({"context": " ".join(words) + " .", "qas": [{**question, "answers": answers}]})
    text = {"version": "1.1", "data": [{"title": "made up", "paragraphs": paragraphs}]}
    path.write_text(json.dumps(text), encoding="utf-8")


def write_mrpc(folder: Path, *, pairs: int, seed: int = 0) -> None:
    """GLUE's MRPC: train.tsv and dev.tsv, each with a header, the label first and the sentences in columns 3 and 4."""
    draw = random.Random(seed)
    for name in ("train.tsv", "dev.tsv"):
        rows = ["Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"]
        for number in range(pairs):
            first = draw.choices(WORDS, k=8)
            same = draw.random() < 0.5
            second = draw.sample(first, k=8) if same else draw.choices(WORDS, k=8)
            rows.append(f"{int(same)}\t{number}\t{pairs + number}\t{' '.join(first)}\t{' '.join(second)}")
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_swag(folder: Path, *, questions: int, seed: int = 0) -> None:
    """SWAG: train.csv and val.csv with the twelve columns of the published files."""
    draw = random.Random(seed)
    header = ["", "video-id", "fold-ind", "startphrase", "sent1", "sent2", "gold-source"]
    header += ["ending0", "ending1", "ending2", "ending3", "label"]
    for name in ("train.csv", "val.csv"):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for number in range(questions):
                start = " ".join(draw.choices(WORDS, k=6))
                endings = [" ".join(draw.choices(WORDS, k=4)) for _ in range(4)]
                row = [number, "made-up", number, start, start, draw.choice(WORDS), "gold"]
                writer.writerow([*row, *endings, draw.randrange(4)])


def write_model(folder: Path, code: Path) -> None:
    """Initial weights, made by the migrated `modeling.py` in `code`, beside vocab.txt and bert_config.json.

    `init.pt` is a checkpoint as pre-training writes it, `model/` a folder that `from_pretrained` reads.
    """
    model = folder / "model"
    model.mkdir()
    script = folder / "make_model.py"
    script.write_text(_MAKES_A_MODEL, encoding="utf-8")
    config = folder / "bert_config.json"
    run(folder, script, code, config, folder / "init.pt", model / "pytorch_model.bin")
    for name in ("bert_config.json", "vocab.txt"):
        shutil.copy(folder / name, model)
