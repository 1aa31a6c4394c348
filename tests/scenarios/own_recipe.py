"""A small recipe with an upstream of its own, in a data folder that `MIGRATE_DATA` names."""

from __future__ import annotations

from pathlib import Path

from migrator.config import make_target
from migrator.core.anchor_find import symbol_hash
from migrator.core.file import read
from migrator.core.tree import git_tree_hash
from migrator.migration import toolbox_for
from migrator.repo.embedded import read_embedded
from migrator.repo.pins import EmbeddedPin

TRAIN = """\
import torch


def main(steps):
    device = torch.device("cuda")
    model = torch.nn.Linear(4, 4).to(device)
    for step in range(steps):
        loss = model(torch.ones(4, 4, device=device)).sum()
        loss.backward()
    return loss


if __name__ == "__main__":
    main(4)
"""
SERIES = """\
[[stage]]
name = "minimal"
summary = "Runs on HPU."

[[stage.layer]]
kind = "rules"
name = "device"
reason = "The device is hpu."
source = "https://docs.example.org/device"
rules = ["device-strings"]

[[stage]]
name = "packed"
summary = "Packs."

[[stage.layer]]
kind = "files"
name = "packing"
folder = "packed/files"
reason = "Packing is new code."
source = "https://docs.example.org/packing"

[[stage]]
name = "performance"
summary = "Faster."

[[stage.layer]]
kind = "diff"
name = "steps"
file = "performance/steps.diff"
reason = "More steps."
source = "https://docs.example.org/steps"

[[stage.layer]]
kind = "anchors"
name = "loss"
file = "performance/loss.toml"
reason = "The loss is read once."
source = "https://docs.example.org/loss"
"""
STEPS = """\
diff --git a/train.py b/train.py
--- a/train.py
+++ b/train.py
@@ -12,4 +12,4 @@


 if __name__ == "__main__":
-    main(4)
+    main(8)
"""
LOSS = """\
[[anchor]]
path = "train.py"
symbol = "main"
statement = "return"
where = "before"
text = "loss = loss.detach()"
sha256 = "{hash}"
"""
NAME = "own"


class OwnRecipe:
    """The recipe `own`; tests change its files and then apply it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.upstream = data / "upstream_pins" / "upstream"
        self.recipe = data / "patches" / NAME
        self.write(self.upstream / "train.py", TRAIN)
        self.write(self.upstream / "README.md", "A trainer.\n")
        self.write(self.recipe / "series.toml", SERIES)
        self.write(self.recipe / "packed" / "files" / "packing.py", "ROWS = 4\n")
        self.write(self.recipe / "performance" / "steps.diff", STEPS.replace("\n\n\n if", "\n \n \n if"))
        self.write(self.recipe / "performance" / "loss.toml", LOSS.format(hash=self.hash_of("main")))
        self.pin()

    @property
    def pin_file(self) -> Path:
        """The pin of the recipe's upstream."""
        return self.data / "upstream_pins" / f"{NAME}.toml"

    @property
    def series(self) -> Path:
        """The recipe's stages."""
        return self.recipe / "series.toml"

    @staticmethod
    def write(path: Path, text: str) -> None:
        """Write a file, with the folders above it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def pin(self, tree: str = "", more: str = "") -> None:
        """Write the pin, right unless told otherwise."""
        pin = EmbeddedPin(NAME, "MIT", "README.md", "", (), self.upstream)
        self.write(
            self.pin_file,
            f'kind = "embedded"\nfolder = "upstream"\ntree = "{tree or git_tree_hash(read_embedded(pin))}"\n'
            f'licence = "MIT"\ndata_format = "README.md"\n{more}',
        )

    def change(self, path: Path, old: str, new: str) -> None:
        """Replace the one place where `old` stands."""
        text = path.read_text()
        assert text.count(old) == 1, (path, old)
        self.write(path, text.replace(old, new))

    def hash_of(self, symbol: str) -> str:
        """The hash of a symbol of train.py."""
        context = toolbox_for(make_target(None, None, None, None)).context
        return symbol_hash(read("train.py", (self.upstream / "train.py").read_bytes(), context), symbol)
