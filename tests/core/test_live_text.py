"""What of a text file is acted upon."""

from __future__ import annotations

import pytest

from migrator.core.live_text import live_lines


def live(path: str, text: str) -> dict[int, str]:
    return {line.number: line.text for line in live_lines(path, text.encode())}


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("run  # not this", "run  "),
        ("# not this", ""),
        ("    # not this", ""),
        ("run;# not this", "run;"),
        ('echo "# this"  # not this', 'echo "# this"  '),
        ("echo '# this' # not this", "echo '# this' "),
        (r"echo \" # not this", r"echo \" "),
        (r"echo 'a\' # not this", r"echo 'a\' "),
        (r'echo "a\" # this"', r'echo "a\" # this"'),
        ("echo a#this ${#this} $# $((16#ff))", "echo a#this ${#this} $# $((16#ff))"),
        ("#SBATCH --this", "#SBATCH --this"),
        ("#PBS -l this", "#PBS -l this"),
        ("#SBATCHED is no directive", ""),
        ("# don't: an apostrophe in a comment opens nothing", ""),
    ],
)
def test_a_line_of_a_shell_script(line: str, kept: str) -> None:
    expected = {1: kept} if kept.strip() else {}
    assert live("run.sh", f"{line}\necho '# next'\n") == {**expected, 2: "echo '# next'"}


def test_a_string_of_several_lines() -> None:
    assert live("run.sh", 'A="\n# this\n"\n# not this\n') == {1: 'A="', 2: "# this", 3: '"'}


def test_a_here_document_is_a_string() -> None:
    script = "cat << EOF  # not this\ndon't # this\nEOF\n# not this\nrun\n"
    assert live("run.sh", script) == {1: "cat << EOF  ", 2: "don't # this", 3: "EOF", 5: "run"}


@pytest.mark.parametrize("head", ["cat <<-'END'", 'cat <<"END"', "cat <<\\END", "cat <<END | tee x"])
def test_how_a_here_document_is_named(head: str) -> None:
    assert live("run.sh", f"{head}\n# this\n\tEND\n# not this\n") == {1: head, 2: "# this", 3: "\tEND"}


def test_two_here_documents() -> None:
    assert list(live("run.sh", "cat <<A <<B\n# 1\nA\n# 2\nB\n# no\n")) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("line", ["echo $((1 << n))", "cat <<< n"])
def test_no_here_document(line: str) -> None:
    assert live("run.sh", f"{line}\n# not this\nrun\n") == {1: line, 3: "run"}


def test_quotes_that_do_not_come_out_even_hide_nothing() -> None:
    assert live("run.sh", "case $x in *) echo ${x//\\'/} '' ;; esac\necho '\nrun\n# not this\n") == {
        1: "case $x in *) echo ${x//\\'/} '' ;; esac",
        2: "echo '",
        3: "run",
    }


@pytest.mark.parametrize("path", ["Dockerfile", "requirements.txt", "conf.yaml", "Makefile"])
def test_other_files_have_comments_and_no_strings_of_several_lines(path: str) -> None:
    assert live(path, "# don't\nit's # not this\nit's this\n") == {2: "it's # not this", 3: "it's this"}
    assert live(path, "this # not this\n") == {1: "this "}


def test_a_script_is_known_by_its_first_line_too() -> None:
    text = "A='\n# this\n'\n"
    assert list(live("launch", f"#!/usr/bin/env bash\n{text}")) == [2, 3, 4]
    assert list(live("launch", f"#!/usr/bin/python\n{text}")) == [2, 4]


def test_of_markdown_the_code() -> None:
    text = "prose `a` and ``b ` c``\n```bash\nd # this\n```\nprose\n~~~\ne\n```\n~~~\n    f\nprose\n"
    assert live("README.md", text) == {1: "a  b ` c", 3: "d # this", 7: "e", 8: "```", 10: "    f"}


def test_line_ends_and_bytes_that_are_no_text() -> None:
    found = [(line.number, line.text) for line in live_lines("run.sh", b"a\r\n\xff # x\rb")]
    assert found == [(1, "a"), (2, "\ufffd "), (3, "b")]
