"""A small migrated output that meets every kind of difference git can tell, with the records that explain it."""

from __future__ import annotations

import random
from pathlib import Path

from migrator.core.findings import Change, Finding, Kind
from migrator.core.linemap import between
from migrator.core.tree import Entry, Mode, Tree
from migrator.repo.workspace import Workspace
from migrator.report.records import to_lines
from migrator.report.trails import lines_of

SUBFOLDER = "PyTorch/BERT"
SETTINGS = {"recipe": "sample", "subfolder": SUBFOLDER}
TIME = "2026-11-21T03:10:11Z"

_TRAIN = b'''\
import torch
from torch.cuda.amp import autocast


def train(model, batches, optimizer):
    """Train on all batches."""
    model.to("cuda")
    for batch in batches:
        with autocast():
            loss = model(batch)
        loss.backward()
        optimizer.step()
        torch.cuda.synchronize()
    return loss


def save(model, path):
    torch.save(model.state_dict(), path)
'''
_TRAIN_MINIMAL = (
    _TRAIN.replace(b"from torch.cuda.amp import autocast\n", b"import habana_frameworks.torch.core as htcore\n")
    .replace(b'"cuda"', b'"hpu"')
    .replace(b"autocast()", b'torch.autocast("hpu")')
    .replace(b"torch.cuda.synchronize", b"torch.hpu.synchronize")
    .replace(b"loss.backward()\n", b"loss.backward()\n        htcore.mark_step()\n")
    .replace(b"optimizer.step()\n", b"optimizer.step()\n        htcore.mark_step()\n")
)
_TRAIN_PERFORMANCE = _TRAIN_MINIMAL.replace(b"        torch.hpu.synchronize()\n", b"").replace(
    b"    torch.save(model", b"    htcore.mark_step()\n    torch.save(model"
)
_NOTES = b"".join(b"note %d\n" % number for number in range(30))

UPSTREAM: Tree = {
    "train.py": Entry(_TRAIN),
    "windows.py": Entry(b'one\r\ndevice = "cuda"\r\nthree\r\n'),
    "no_newline.cfg": Entry(b"backend=nccl"),
    "docs/notes é.txt": Entry(_NOTES),
    "docs/a b/c.txt": Entry(_NOTES.replace(b"note", b"text")),
    "weights.bin": Entry(random.Random(1).randbytes(3000)),
    "run.sh": Entry(b"python train.py\n"),
    "old.py": Entry(b"import apex\n"),
    "untouched.py": Entry(b"pass\n"),
}
MINIMAL: Tree = {
    **{path: entry for path, entry in UPSTREAM.items() if path not in ("old.py", "docs/notes é.txt", "docs/a b/c.txt")},
    "train.py": Entry(_TRAIN_MINIMAL),
    "windows.py": Entry(b'one\r\ndevice = "hpu"\r\nthree\r\n'),
    "no_newline.cfg": Entry(b"backend=hccl"),
    "docs/notes of é.txt": Entry(_NOTES.replace(b"note 7\n", b"note seven\n")),
    "docs/a b/d.txt": UPSTREAM["docs/a b/c.txt"],
    "weights.bin": Entry(random.Random(2).randbytes(3000)),
    "run.sh": Entry(b"python train.py\n", Mode.EXECUTABLE),
}
PACKED: Tree = {**MINIMAL, "packed.py": Entry(b"def pack():\n    return []\n")}
PERFORMANCE: Tree = {**PACKED, "train.py": Entry(_TRAIN_PERFORMANCE)}
TREES: dict[str, Tree] = {"upstream": UPSTREAM, "minimal": MINIMAL, "packed": PACKED, "performance": PERFORMANCE}
RENAMES = {"docs/notes of é.txt": "docs/notes é.txt", "docs/a b/d.txt": "docs/a b/c.txt"}
FINDINGS = [
    Finding(Kind.MANUAL, "train.py", 6, "model.to", "the device is a literal", "Pass it as an argument.", "device"),
    Finding(Kind.UNSUPPORTED, "run.sh", 1, "nvidia-smi", "there is no such tool", "Use hl-smi.", "scripts"),
]


def changes_of(stage: str, old: Tree, new: Tree) -> list[Change]:
    """The changes between two trees as a stage would record them: one for each run of lines."""
    changes = []
    for path in sorted(old.keys() | new.keys()):
        before = RENAMES.get(path, path) if path not in old else path
        if path in RENAMES.values() or (old.get(before) == new.get(path) and before == path):
            continue
        changes += _of_file(stage, before, path, old, new)
    return changes


def _of_file(stage: str, before: str, path: str, old: Tree, new: Tree) -> list[Change]:
    texts = lines_of(old, before), lines_of(new, path)
    hunks = between(*texts).hunks or between([b""], [b"mode"]).hunks
    renamed = before if before != path else ""
    rule = "cuda-names" if path.endswith(".py") else "files"
    return [
        Change(
            stage,
            "names",
            path,
            hunk.before,
            hunk.after,
            rule,
            Kind.MODIFIED,
            b"".join(texts[0][hunk.before.start - 1 : hunk.before.stop - 1]).decode("utf-8", "replace"),
            b"".join(texts[1][hunk.after.start - 1 : hunk.after.stop - 1]).decode("utf-8", "replace"),
            f"HPU has its own {rule}.",
            "https://docs.example.org/porting",
            number,
            renamed,
        )
        for number, hunk in enumerate(hunks, 1)
    ]


def make_output(folder: Path, last: str = "performance", *, records: bool = True) -> Workspace:
    """Make the output with its stages up to `last`; without `records`, nothing explains them."""
    workspace = Workspace.open(folder, create=True)
    names = list(TREES)
    with workspace.locked() as writer:
        writer.begin(SETTINGS)
        for at, name in enumerate(names[: names.index(last) + 1]):
            changes = changes_of(name, TREES[names[at - 1]], TREES[name]) if at and records else []
            lines = to_lines(changes, FINDINGS if name == "minimal" else [], stage=name, time=TIME)
            writer.commit_stage(name, TREES[name], subject=f"{name}: stage", body="", trailers={}, records=lines)
    return workspace
