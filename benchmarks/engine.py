"""The engine: CPU seconds of whole cold processes over a corpus, every way in turn, medians.

    python benchmarks/engine.py [RUNS]

The corpus is the PyTorch folder of NVIDIA/DeepLearningExamples at the pin, where a mirror or the cache has it (415
Python files); otherwise the embedded trainer, forty times. Nothing of it is written anywhere or run.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

COMMIT = "7a4c42501ce05ac5b76999e3b9ddadeffd177b1d"
WAYS = {
    "ast.parse alone": "import ast\nfor _, text in corpus:\n    parse(ast.parse, text)",
    "libcst.parse_module alone": "import libcst\nfor _, text in corpus:\n    parse(libcst.parse_module, text)",
    "libcst, QualifiedNameProvider": (
        "import libcst\nfrom libcst.metadata import MetadataWrapper, QualifiedNameProvider\n"
        "def names(text):\n    MetadataWrapper(libcst.parse_module(text)).resolve(QualifiedNameProvider)\n"
        "for _, text in corpus:\n    parse(names, text)"
    ),
    "migrate: all rules, to the fixpoint": (
        "from migrator.config import make_target\nfrom migrator.migration import toolbox_for\n"
        "from migrator.core.engine import rewrite\n"
        "box = toolbox_for(make_target(None, None, None, None))\n"
        "rules = [r for r in box.rules.values() if r.applies(box.context.target)]\n"
        "for path, text in corpus:\n    rewrite(path, text.encode('utf-8', 'surrogateescape'), rules, box.context)"
    ),
}
PRELUDE = """
import json, sys
corpus = json.load(open(sys.argv[1]))
def parse(function, text):
    try:
        function(text)
    except Exception:
        pass  # Python 2 files are part of the corpus
"""


def mirror() -> Path | None:
    """A mirror of the real upstream that has the commit."""
    from migrator.repo.mirrors import mirrors_of  # noqa: PLC0415
    from migrator.repo.settings import Settings  # noqa: PLC0415

    for place in mirrors_of("https://github.com/NVIDIA/DeepLearningExamples", Settings.from_environment()):
        found = subprocess.run(["git", "--git-dir", str(place), "cat-file", "-e", COMMIT], check=False)
        if found.returncode == 0:
            return place
    return None


def corpus() -> tuple[str, list[tuple[str, str]]]:
    """A name and the (path, text) pairs."""
    place = mirror()
    if place is not None:
        git = ["git", "--git-dir", str(place)]
        listed = subprocess.run(
            [*git, "ls-tree", "-r", "--name-only", COMMIT, "PyTorch"], check=True, capture_output=True, text=True
        )
        paths = [p for p in listed.stdout.splitlines() if p.endswith(".py")]
        texts = [subprocess.run([*git, "show", f"{COMMIT}:{p}"], check=True, capture_output=True).stdout for p in paths]
        pairs = [(p, t.decode("utf-8", "surrogateescape")) for p, t in zip(paths, texts, strict=True)]
        return "DeepLearningExamples/PyTorch", pairs
    folder = Path(__file__).parent.parent / "upstream_pins" / "sample-bert"
    files = [(p.name, p.read_text(encoding="utf-8", newline="")) for p in sorted(folder.glob("*.py"))]
    return "sample-bert, 40 times", files * 40


def cpu_seconds(code: str, data: Path) -> float:
    """User and system seconds of one child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", PRELUDE + code, str(data)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main() -> None:
    """Print a table; each way's ratio to ast.parse is paired within a run."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    name, pairs = corpus()
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "corpus.json"
        data.write_text(json.dumps(pairs))
        for _ in range(runs):
            for way, code in WAYS.items():
                times[way].append(cpu_seconds(code, data))
    print(f"{name}: {len(pairs)} files, {sum(len(t) for _, t in pairs) / 1e6:.1f} MB, median of {runs}")
    print(f"{'way':<40}{'CPU s':>8}{'x ast.parse':>14}")
    for way, values in times.items():
        ratio = median(v / b for v, b in zip(values, times["ast.parse alone"], strict=True))
        print(f"{way:<40}{median(values):>8.2f}{ratio:>14.1f}")


if __name__ == "__main__":
    main()
