"""Source text as coloured lines for the screen."""

from __future__ import annotations

from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token  # comes with rich
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text

from migrator.core.visible import visible

# Both colours of every cell are ours, so that the view reads the same on dark and on light terminals.
BACKGROUND = {" ": "#1e2127", "-": "#45191f", "+": "#173a26", "": "#16181d"}
WORDS = {"-": Style(bgcolor="#8a2b37"), "+": Style(bgcolor="#256b40")}
GUTTER = {" ": Style(color="#7f8794"), "-": Style(color="#ff8a94", bold=True), "+": Style(color="#7ee2a0", bold=True)}
_FOREGROUND = "#d7dae0"
_THEME = ANSISyntaxTheme(
    {
        Token: Style(color=_FOREGROUND),
        Comment: Style(color="#949cab", italic=True),
        Keyword: Style(color="#c792ea"),
        Name.Builtin: Style(color="#56b6c2"),
        Name.Class: Style(color="#61afef"),
        Name.Decorator: Style(color="#e5c07b"),
        Name.Function: Style(color="#61afef"),
        Number: Style(color="#e0a46a"),
        Operator.Word: Style(color="#c792ea"),
        String: Style(color="#e6c07b"),
    }
)
_MOST_BYTES = 300_000  # above, colours would cost more time than they are worth
_TAB = 8


def coloured_lines(path: str, data: bytes) -> list[Text]:
    """The lines of a file as git counts them (LF ends a line), coloured by the file's language.

    The whole file is read, since a hunk alone does not show whether it starts inside a string.
    """
    text = visible(plain_endings(data).decode("utf-8", "replace"))
    if len(data) > _MOST_BYTES:
        return [Text(line, style=_FOREGROUND) for line in text.split("\n")]
    lexer = Syntax.guess_lexer(path, text)
    lines = Syntax(text, lexer, theme=_THEME, tab_size=_TAB).highlight(text).split("\n", allow_blank=True)
    return list(lines)


def plain_endings(data: bytes) -> bytes:
    """`data` with LF for CRLF where every line ends in CRLF; a single CR among others is worth showing."""
    return data.replace(b"\r\n", b"\n") if data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r") else data
