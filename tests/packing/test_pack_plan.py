"""What a plan prints, and the plot as a file."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from migrator.commands.pack_plan import show_plans
from migrator.commands.pack_plot import draw_fill, draw_lengths
from migrator.errors import OutputError, UsageError
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.solve import Algorithm
from tests.packing.algorithms.histograms import long_tailed

DATA = long_tailed(128, 10_000, spread=0.8, cut=0.2)
ALL = list(Algorithm)


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert show_plans(DATA, 3, ALL, 30.0) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert max(map(len, lines)) <= columns
    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    words = printed.out.split()
    assert {"near-optimal", "lpfhp", "spfhp", "nnlshp", "patterns", "seconds", "factor"} <= set(words)
    assert printed.err == ""


def test_json_is_all_there_is_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    show_plans(DATA, None, ALL, 30.0, unlimited=True, as_json=True)
    held = json.loads(capsys.readouterr().out)
    assert held["limit"]["at_most"] is None
    assert [plan["algorithm"] for plan in held["plans"]] == ["near-optimal", "lpfhp", "spfhp"]


@pytest.mark.parametrize("columns", [20, 80, 120, 300])
@pytest.mark.parametrize("plain", [True, False])
def test_plots_keep_to_the_width_and_to_ascii_where_they_must(columns: int, plain: bool) -> None:
    plan = pack_longest_first(DATA, 3)
    lines = [*draw_lengths(DATA, columns, plain=plain), *draw_fill(plan, DATA, "lpfhp", columns, plain=plain)]
    assert max(map(len, lines)) <= max(60, min(columns, 120))
    assert all(line.isprintable() for line in lines)
    assert all(line.isascii() for line in lines) is plain


def test_the_highest_column_is_where_most_sequences_are() -> None:
    _, _, top, *_ = draw_lengths(DATA, 80, plain=True)
    assert re.fullmatch(r" 2k\+ {60,}#+\|", top)  # the fifth of 10,000 that have the row's own length


def test_bars_show_the_share_of_the_rows() -> None:
    plan = pack_longest_first(DATA, 3)
    lines = draw_fill(plan, DATA, "lpfhp", 80, plain=True)
    shares = [float(re.findall(r"([\d.]+)%", line)[1]) for line in lines[1:]]
    bars = [line.count("#") for line in lines[1:]]
    assert sum(shares) == pytest.approx(100, abs=0.05)
    assert bars == [round(share * 31 / max(shares)) for share in shares]


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("html", b"<!DOCTYPE html>")]
)
def test_a_plot_file_is_of_the_kind_its_name_says(
    suffix: str, start: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / f"plans.{suffix}"
    show_plans(DATA, 3, [Algorithm.LPFHP], 30.0, plot_file=path)
    assert path.read_bytes().startswith(start)
    assert f"plotted into {path}" in capsys.readouterr().err


def test_the_page_holds_all_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "plans.html"
    show_plans(DATA, 3, [Algorithm.LPFHP], 30.0, plot_file=path)
    page = path.read_text(encoding="utf-8")
    assert page.count("<svg") == page.count("</svg>") == 1
    assert "at most 3 a row" in page
    assert not re.search(r"<(script|img|link|iframe)\b", page)


@pytest.mark.parametrize("name", ["plans", "plans.jpg"])
def test_other_kinds_are_refused_before_anything_is_solved(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="cannot plot into") as refused:
        show_plans(DATA, 3, ALL, 30.0, plot_file=tmp_path / name)
    assert ".png, .svg, .pdf, .html" in refused.value.hint
    assert capsys.readouterr().out == ""


def test_a_folder_that_is_not_there_is_told_before_anything_is_solved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*none"):
        show_plans(DATA, 3, ALL, 30.0, plot_file=tmp_path / "none" / "plans.png")
    assert capsys.readouterr().out == ""


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match="needs matplotlib") as refused:
        show_plans(DATA, 3, ALL, 30.0, plot_file=tmp_path / "plans.png")
    assert refused.value.hint == "pip install 'migrator[plot]'"


def test_a_plot_that_cannot_be_written_is_an_error_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "plans.png"
    path.mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*plans\.png: Is a directory"):
        show_plans(DATA, 3, [Algorithm.LPFHP], 30.0, plot_file=path)
