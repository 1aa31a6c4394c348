"""Decoding, line ends and offsets of one file."""

from __future__ import annotations

import ast
import codecs
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.source import Source, UnreadableSourceError, decode, parse


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"", "utf-8", ""),
        (codecs.BOM_UTF8 + "é = 1\n".encode(), "utf-8", "é = 1\n"),
        (codecs.BOM_UTF8 + b"# coding: utf-8\nx\n", "utf-8", "# coding: utf-8\nx\n"),
        ("# coding: latin-1\nx = 'é'\n".encode("latin-1"), "iso-8859-1", "# coding: latin-1\nx = 'é'\n"),
        ("#!/bin/py\n# -*- coding: cp1252 -*-\nx = '€'\n".encode("cp1252"), "cp1252", None),
        ("#!/bin/py\r# coding: cp1252\rx = '€'\r".encode("cp1252"), "cp1252", None),
        ("# coding: cp1252".encode("cp1252"), "cp1252", None),
        ("# coding: utf-8\nx = 'é'\n".encode(), "utf-8", None),
        ("x = 1\n# coding: latin-1\ny = 'é'\n".encode(), "utf-8", None),
        ("x = 1\r# a\r# coding: latin-1\ry = 'é'\r".encode(), "utf-8", None),
    ],
)
def test_decode_by_bom_or_cookie_and_encode_back(data: bytes, encoding: str, text: str | None) -> None:
    source = decode("a.py", data)
    assert source.encoding == encoding
    assert source.encode(source.text) == data
    assert text is None or source.text.decode() == text


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"# coding: no-such\n", "unknown encoding"),
        (b"x = '\xe9'\n", "cannot tell its encoding"),
        (b"x = 1\n\n\ny = '\xe9'\n", "is not valid utf-8"),
        (b"# coding: ascii\n\n\nx = '\xe9'\n", "is not valid ascii"),
        (b"# coding: rot13\nk = 1\n", "not a text encoding"),
        (b"# coding: utf-7\nx = '+AC8-'\n", "written back unchanged"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", "cannot tell its encoding"),
    ],
)
def test_what_cannot_be_decoded_says_why(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableSourceError, match=why):
        decode("a.py", data)


def made(text: str) -> Source:
    return decode("a.py", text.encode())


def test_lines_end_at_crlf_cr_and_lf_and_nowhere_else() -> None:
    source = made("a = '\x85\u2028\x0b\x1c'\r\n\x0cb\rc\n\nd")
    assert [source.text[at : source.line_end(at)].decode() for at in source.starts] == [
        "a = '\x85\u2028\x0b\x1c'\r\n",
        "\x0cb\r",
        "c\n",
        "\n",
        "d",
    ]


def test_newline_is_the_lines_own_or_that_of_the_nearest_line_before() -> None:
    source = made("a\r\nb\nc\rd")
    assert [source.newline(at) for at in source.starts] == [b"\r\n", b"\n", b"\r", b"\r"]
    assert made("a").newline(0) == b"\n"
    assert made("").newline(0) == b"\n"


def test_indent_keeps_tabs_and_form_feeds() -> None:
    source = made("if a:\n\t  b\n\x0c  # c\n")
    assert [source.indent(at) for at in source.starts] == [b"", b"\t  ", b"\x0c  ", b""]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
def test_spans_are_bytes_of_the_text(newline: str, bom: bytes) -> None:
    source = decode("a.py", bom + newline.join(["s = '𝔘é'; name = f(é.x)", "", "other"]).encode())
    names = [node for node in ast.walk(parse(source)) if isinstance(node, ast.Name)]
    assert {source.text[slice(*source.span(node))].decode() for node in names} == {"s", "name", "f", "é", "other"}
    assert {source.line(source.span(node)[0]) for node in names} == {1, 3}


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "-" * 50_000 + "1\n",
        "x = " + "(" * 5_000 + ")" * 5_000,
        "print 'python 2'\n",
        "x = 1\0\n",
        "if a:\n\tb\n        c\n",
        "\ufeffx = 1\n",
    ],
)
def test_what_does_not_parse_says_so_in_one_line(text: str) -> None:
    with pytest.raises(UnreadableSourceError) as caught:
        parse(Source("a.py", text.encode(), "utf-8", False))
    assert str(caught.value)
    assert "\n" not in str(caught.value)
    assert "None" not in str(caught.value)


def test_upstreams_own_warnings_are_not_ours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse(made("x = '\\d'; y = 1 is 1\n")).body


@given(st.text(alphabet="ab \t\x0c\n\r\x85\u2028é#'\\", max_size=30))
def test_every_offset_lies_between_the_ends_of_its_line(text: str) -> None:
    source = made(text)
    for at in range(len(source.text) + 1):
        assert source.line_start(at) <= at <= source.line_end(at)
    assert b"".join(source.text[at : source.line_end(at)] for at in source.starts) == source.text
