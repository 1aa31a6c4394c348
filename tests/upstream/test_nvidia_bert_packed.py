"""What stage packed of nvidia-bert promises of its files, on the real upstream and for every target."""

from __future__ import annotations

import ast
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from migrator.repo.known_pins import load_pin
from migrator.repo.pins import Expected
from tests.scenarios.explained import unexplained
from tests.scenarios.running import Migrate, git
from tests.upstream.conftest import BERT
from tests.upstream.packed_pretraining import metadata, pack_folder, write_texts
from tests.upstream.python_names import undefined_names
from tests.upstream.stage_texts import python, texts

pytestmark = pytest.mark.upstream

MODULES = {"pretraining_data.py", "packed_rows.py", "squad_packing.py", "pack_pretraining_data_pytorch.py"}
CHANGED = {"modeling.py", "run_pretraining.py", "run_squad.py"}


def named(entry: Expected) -> str:
    return f"{entry.release}-{entry.mode.value}-{entry.style.value}"


@pytest.mark.parametrize("entry", load_pin(BERT).expected, ids=named)
def test_every_target_is_ported(bert_migrate: Migrate, tmp_path: Path, entry: Expected) -> None:
    """The same change for each: nothing in it names a device or a mode."""
    target = ("--release", entry.release, "--mode", entry.mode.value, "--style", entry.style.value)
    done = bert_migrate(tmp_path, "apply", BERT, "--level", "packed", *target, "-o", "out")
    assert done.code == 0, done.err
    before, after = (python(texts(tmp_path / "out", stage)) for stage in ("minimal", "packed"))
    assert {path for path in after if after[path] != before.get(path)} == MODULES | CHANGED
    for path in MODULES | CHANGED:
        ast.parse(after[path], path, feature_version=(3, 8))
        assert undefined_names(after[path]) <= undefined_names(before.get(path, "")), path
        assert after[path].count("mark_step(") == before.get(path, "").count("mark_step("), path
    new = git(tmp_path / "out", "diff", "--unified=0", "minimal", "packed", "--", *CHANGED)
    added = [line for line in new.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert [line for line in added if any(word in line for word in ("hpu", "cuda", "habana"))] == []


def test_every_hunk_has_its_why(bert_packed: Path) -> None:
    assert unexplained(bert_packed) == []


def test_most_of_the_upstreams_lines_are_kept(bert_packed: Path) -> None:
    upstream = texts(bert_packed, "upstream")
    rows = git(bert_packed, "diff", "--numstat", "--no-renames", "upstream", "packed", "--", "*.py").splitlines()
    deleted = {path: int(gone) for _, gone, path in (row.split("\t") for row in rows) if path in upstream}
    whole = {path: len(upstream[path].split("\n")) for path in deleted}
    assert 1 - deleted["run_pretraining.py"] / whole["run_pretraining.py"] >= 0.85
    assert 1 - sum(deleted.values()) / sum(whole.values()) >= 0.90


@pytest.fixture
def rows(bert_packed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """packed_rows.py, imported from the port."""
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(bert_packed)
    sys.modules.pop("pretraining_data", None)
    import packed_rows  # type: ignore[import-not-found]  # noqa: PLC0415

    yield packed_rows
    for name in ("packed_rows", "pretraining_data"):
        sys.modules.pop(name, None)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """`phase1`, and `packed` from it, whose rows of 64 tokens have up to 8 sequences."""
    folder = write_texts(tmp_path)
    pack_folder(folder / "phase1", folder / "packed", row_length=64, per_row=8)
    return folder


def test_the_loss_is_the_upstreams_to_the_last_bit(rows: ModuleType) -> None:
    torch: Any = pytest.importorskip("torch")
    torch.manual_seed(0)
    labels = torch.randint(-1, 2, (97,)) * torch.randint(0, 50, (97,)).clamp(min=1)
    labels[labels < 0] = -1
    found = []
    for loss in (rows.mean_loss, torch.nn.CrossEntropyLoss(ignore_index=-1)):
        torch.manual_seed(1)
        scores = torch.randn(97, 50, requires_grad=True)
        value = loss(scores, labels)
        value.backward()
        found.append((value.item(), scores.grad))
    (ours, our_gradient), (theirs, their_gradient) = found
    assert ours == theirs
    assert torch.equal(our_gradient, their_gradient)


def test_a_row_has_all_its_masked_tokens(rows: ModuleType, data: Path) -> None:
    """They are more than --max_predictions_per_seq allows one sequence; the data set goes into checkpoints whole."""
    path = sorted((data / "packed").glob("*.hdf5"))[0]
    shard = pickle.loads(pickle.dumps(rows.PackedRows(path)))
    masked = (shard.arrays["masked_lm_positions"] > 0).sum(axis=1)
    assert masked.max() > 5
    for at in range(len(shard)):
        ids, segments, mask, labels, next_sentence, positions, starts = shard[at]
        assert ids.shape == segments.shape == mask.shape == labels.shape == positions.shape == (64,)
        assert int((labels != -1).sum()) == masked[at]
        places = shard.arrays["masked_lm_positions"][at][: masked[at]]
        assert labels[places].tolist() == shard.arrays["masked_lm_ids"][at][: masked[at]].tolist()
        assert int((next_sentence != -1).sum()) == int(mask.max())
        assert positions[starts[next_sentence != -1]].tolist() == [0] * int(mask.max())


def test_packed_data_are_recognised(rows: ModuleType, data: Path) -> None:
    mean = metadata(data / "packed")["avg_seq_per_sample"]
    assert rows.packed_sequences_per_row(data / "packed", 64) == mean
    assert rows.packed_sequences_per_row(data / "phase1", 32) is None
    (data / "packed_metadata.json").unlink()
    assert rows.packed_sequences_per_row(data / "packed", 64) == pytest.approx(mean)


def test_folders_of_both_kinds_are_refused(rows: ModuleType, data: Path) -> None:
    (data / "packed_metadata.json").unlink()
    (data / "phase1" / "books_wiki_en_corpus_training_0.hdf5").rename(data / "packed" / "training_0.hdf5")
    with pytest.raises(SystemExit, match=r"is packed and .* is not: they cannot be mixed"):
        rows.packed_sequences_per_row(data / "packed", 64)


def test_a_folder_without_shards_is_refused(rows: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("nothing")
    for folder, what in ((tmp_path, "no file has 'training' in its name"), (tmp_path / "none", "no such folder")):
        with pytest.raises(SystemExit, match=f"{what}.* Give --input_dir the folder of the training data.$") as error:
            rows.find_shards(folder)
        assert str(error.value).startswith(f"{folder}: ")


def test_files_named_for_training_go_before_all_others(rows: ModuleType, tmp_path: Path) -> None:
    for name in ("b_training_1.hdf5", "a_training_2", "validation.hdf5", "notes.txt"):
        (tmp_path / name).touch()
    assert [Path(path).name for path in rows.find_shards(tmp_path)] == ["a_training_2", "b_training_1.hdf5"]
    for name in ("b_training_1.hdf5", "a_training_2"):
        (tmp_path / name).unlink()
    assert [Path(path).name for path in rows.find_shards(tmp_path)] == ["validation.hdf5"]


def test_checkpoints_of_other_data_are_told(rows: ModuleType, data: Path) -> None:
    plain, packed = ([str(path) for path in (data / name).glob("*.hdf5")] for name in ("phase1", "packed"))
    assert [rows.of_other_data(files, True) for files in (plain, packed)] == [True, False]
    assert [rows.of_other_data(files, False) for files in (plain, packed)] == [False, True]
    assert rows.of_other_data([str(data / "gone.hdf5")], False)
