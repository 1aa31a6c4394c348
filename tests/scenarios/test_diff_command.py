"""`migrate diff` on a real output: what a person sees, what git apply takes, what goes wrong and how it says so."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from migrator.cli import main
from migrator.commands.diff import split_words
from migrator.core.tree import Entry, Mode, Tree
from migrator.recipes import LEVELS
from tests.report.made_output import MINIMAL, PACKED, PERFORMANCE, SUBFOLDER, UPSTREAM, make_output

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an output at trainers/nvidia-bert."""
    folder = tmp_path_factory.mktemp("home")
    make_output(folder / "trainers" / "nvidia-bert")
    return folder


@pytest.fixture(autouse=True)
def _inside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


def git(folder: Path, *args: str, given: bytes = b"") -> bytes:
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    identity = ("-c", "user.name=user", "-c", "user.email=user@localhost")
    command = ["git", *identity, "-C", str(folder), *args]
    return subprocess.run(command, env=env, check=True, capture_output=True, input=given).stdout


def clone_of(tree: Tree, folder: Path, below: str = "") -> Path:
    """A repository that holds `tree` in its folder `below`, as a clone of the upstream would."""
    for path, entry in tree.items():
        file = folder / below / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(entry.data)
        file.chmod(0o755 if entry.mode is Mode.EXECUTABLE else 0o644)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "upstream")
    return folder


def files_in(folder: Path) -> dict[str, Entry]:
    return {
        path.relative_to(folder).as_posix(): Entry(
            path.read_bytes(), Mode.EXECUTABLE if path.stat().st_mode & 0o100 else Mode.FILE
        )
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def diff(capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> bytes:
    assert main(["diff", *words]) == 0
    return capfdbinary.readouterr().out


def refused(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["diff", *words]) == 2
    seen = capfd.readouterr()
    assert seen.out == ""
    return seen.err


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        ((), PACKED, PERFORMANCE),
        (("minimal",), MINIMAL, PERFORMANCE),
        (("upstream", "minimal"), UPSTREAM, MINIMAL),
        (("nvidia-bert", "upstream"), UPSTREAM, PERFORMANCE),
        (("./trainers/nvidia-bert", "minimal", "packed"), MINIMAL, PACKED),
    ],
)
@pytest.mark.parametrize("why", [(), ("--why",)])
def test_what_is_piped_can_be_applied(
    words: tuple[str, ...],
    old: Tree,
    new: Tree,
    why: tuple[str, ...],
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    clone = clone_of(old, tmp_path)
    git(clone, "apply", "--index", given=diff(capfdbinary, *words, *why))
    assert files_in(clone) == new


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [(("upstream", "minimal"), UPSTREAM, MINIMAL), (("upstream",), UPSTREAM, PERFORMANCE)],
)
def test_a_written_diff_applies_at_the_root_of_a_clone(
    words: tuple[str, ...], old: Tree, new: Tree, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clone = clone_of(old, tmp_path / "clone", SUBFOLDER)
    assert main(["diff", *words, "-o", str(tmp_path / "stage.diff")]) == 0
    git(clone, "apply", "--index", str(tmp_path / "stage.diff"))
    assert files_in(clone / SUBFOLDER) == new
    assert "wrote " in capfd.readouterr().out


def test_a_renamed_file_in_a_written_diff_lies_below_the_subfolder(tmp_path: Path) -> None:
    main(["diff", "upstream", "minimal", "-o", str(tmp_path / "x.diff")])
    text = (tmp_path / "x.diff").read_text()
    assert f"rename from {SUBFOLDER}/docs/a b/c.txt\n" in text
    assert f'rename to "{SUBFOLDER}/docs/notes of \\303\\251.txt"\n' in text


def test_settings_and_environment_of_the_user_change_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    plain = diff(capfdbinary, "upstream", "minimal")
    (tmp_path / "config").write_text("[diff]\n noprefix = true\n external = false\n[color]\n ui = always\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert diff(capfdbinary, "upstream", "minimal") == plain


def test_why_names_rule_stage_reason_and_source_before_each_file(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = diff(capfdbinary, "--why").decode().splitlines()
    assert lines[0] == (
        "# why: train.py @@ -12,9 +12,9 @@ [hpu_modified] cuda-names (performance, layer names), line 19, old line 15:"
        " HPU has its own cuda-names. <https://docs.example.org/porting>"
    )
    assert lines[1] == "diff --git a/train.py b/train.py"


def test_json_holds_lines_and_whys(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    found = json.loads(diff(capfdbinary, "upstream", "--json"))
    assert (found["from"], found["to"], found["added"], found["removed"]) == ("upstream", "performance", 11, 8)
    files = {file["path"]: file for file in found["files"]}
    assert files["docs/a b/d.txt"]["status"] == "renamed"
    assert files["weights.bin"]["binary"]
    (hunk,) = files["windows.py"]["hunks"]
    assert (hunk["before"], hunk["after"]) == ([1, 3], [1, 3])
    assert {"op": "+", "before": None, "after": 2, "text": 'device = "hpu"\r'} in hunk["lines"]
    assert hunk["why"][0]["rule"] == "cuda-names"
    assert hunk["why"][0]["runs"] == [{"before": [2, 1], "after": [2, 1]}]
    assert all(not hunk["unexplained"] for file in found["files"] for hunk in file["hunks"])
    assert all(file["why"] for file in found["files"] if not file["hunks"])


def test_stat(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert diff(capfdbinary, "minimal", "--stat").decode().splitlines() == [
        " packed.py | 2 ++",
        " train.py  | 2 +-",
        "2 files changed, 3 lines added, 1 removed",
    ]


def test_exit_code_says_whether_there_are_differences(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--exit-code", "--stat"]) == 1
    assert main(["diff", "--stat"]) == 0


def test_without_records_the_lines_are_said_to_be_unexplained(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    make_output(tmp_path / "out", "minimal", records=False)
    text = diff(capfdbinary, str(tmp_path / "out"), "--why").decode()
    assert "# why: windows.py @@ -1,3 +1,3 @@ [unexplained] no record explains this, line 2\n" in text


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("sample-bert",), "sample-bert has not been migrated here", "run migrate apply sample-bert --level minimal"),
        (("/",), "/ is not an output of migrate", "name the folder"),
        (("nvidia-bert", "fast"), "there is no stage 'fast'", "the stages are upstream, minimal"),
        (("packed", "minimal"), "stage packed does not come before minimal", "the order of the stages"),
        (("upstream", "minimal", "packed"), "three stages", "TARGET FROM TO"),
    ],
)
def test_refusals_say_what_to_do(
    words: tuple[str, ...], message: str, hint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said = refused(capfd, *words)
    assert message in said
    assert hint in said


def test_a_stage_that_is_not_applied_yet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make_output(tmp_path / "trainers" / "sample-bert", "minimal")
    os.chdir(tmp_path)  # the fixture goes back
    said = refused(capfd, "sample-bert", "upstream", "packed")
    assert "stage packed is not applied yet; there are upstream, minimal" in said
    assert "run migrate apply sample-bert --level packed first" in said


def test_only_the_upstream_is_nothing_to_compare(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make_output(tmp_path / "out", "upstream")
    assert "no stage is applied yet" in refused(capfd, str(tmp_path / "out"))


def test_nothing_is_written_into_the_output(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output = home / "trainers" / "nvidia-bert"
    assert "lies in the migrated output" in refused(capfd, "-o", str(output / "x.diff"))
    assert "is a folder" in refused(capfd, "-o", str(home))
    assert git(output, "status", "--porcelain") == b""


def test_a_file_that_cannot_be_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "cannot write" in refused(capfd, "-o", str(tmp_path / "missing" / "x.diff"))


def test_json_goes_to_no_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "-o writes a diff, not JSON" in refused(capfd, "--json", "-o", str(tmp_path / "x"))


def test_known_stages_are_upstream_and_the_levels() -> None:
    for name in ("upstream", *LEVELS):
        assert split_words(name, "packed", None) == (None, name, "packed")
    assert split_words("./minimal", None, None) == ("./minimal", None, None)


def on_terminal(columns: int, *words: str) -> str:
    """What `migrate diff` draws on a terminal of that many columns, without colours."""
    screen, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    hidden = ("COLUMNS", "LINES", "FORCE_COLOR")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-m", "migrator", "diff", *words], stdout=end, stdin=end, env=env
    ) as process:
        os.close(end)
        seen = b""
        while chunk := _read(screen):
            seen += chunk
    os.close(screen)
    assert process.returncode == 0
    return re.sub(r"\x1b\[[\d;]*m", "", seen.decode().replace("\r\n", "\n"))


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 1 << 16)
    except OSError:  # Linux says so when the other end is closed
        return b""


def row_with(text: str, part: str) -> str:
    (row,) = (row for row in text.splitlines() if part in row)
    return row


def test_a_wide_terminal_shows_old_and_new_side_by_side() -> None:
    text = on_terminal(160, "upstream", "minimal", "--why")
    row = row_with(text, 'model.to("cuda")')
    assert row.split() == ["7", "-", 'model.to("cuda")', "7", "+", 'model.to("hpu")']
    assert row.index(" 7 +") == 80
    assert "hpu_modified  cuda-names (minimal, layer names)  lines 2, 7, 9, 12, 14-15" in text
    assert "upstream → minimal: 8 files changed" in text


def test_a_narrow_terminal_shows_one_below_the_other() -> None:
    text = on_terminal(100, "upstream", "minimal")
    assert row_with(text, 'model.to("cuda")').split() == ["7", "-", 'model.to("cuda")']
    assert row_with(text, 'model.to("hpu")').split() == ["7", "+", 'model.to("hpu")']
    assert "HPU has its own" not in text


def test_the_form_can_be_chosen() -> None:
    assert "cuda" not in row_with(on_terminal(200, "--unified", "upstream", "minimal"), 'model.to("hpu")')
    assert "cuda" in row_with(on_terminal(100, "--side-by-side", "upstream", "minimal"), 'model.to("hpu")')
