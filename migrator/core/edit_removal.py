"""Remove statements together, with every `if`, `elif` and `else` that they leave empty.

    if args.amp:                     (the whole `if` goes: its test has no effect)
        scaler.unscale_(optimizer)
        scaler.update()

A body left empty before a plain `else` turns the test round; `pass` stands where a block must stay. Comments on lines
of their own stay, except inside the removed statements; blank lines that would add to those before a removal go.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from migrator.core.edit_branches import empties, keyword_of, turned_round, with_emptied_ifs
from migrator.core.edit_lines import comment_lines, past_blank_lines, past_deeper_comments
from migrator.core.edit_statements import is_elif, start_of, starts_line
from migrator.core.edits import Edit
from migrator.core.file import File

_Suite = Sequence[ast.stmt]


def remove_all(file: File, statements: Iterable[ast.stmt]) -> list[Edit]:
    """The edits, by offset, that remove `statements` and the branches that hold nothing else."""
    asked = frozenset(statements)
    return sorted(_Removal(file, asked, with_emptied_ifs(file, asked)).edits(), key=lambda edit: edit.start)


@dataclass(frozen=True)
class _Removal:
    """What goes from a file: `asked` is what the caller named, `gone` has the emptied `if`s as well."""

    file: File
    asked: frozenset[ast.stmt]
    gone: frozenset[ast.stmt]

    def edits(self) -> Iterator[Edit]:
        topmost = [s for s in self.gone if not any(above in self.gone for above in self.file.ancestors(s))]
        suites = {id(suite): suite for statement in topmost if (suite := self.file.suite(statement))}
        for suite in suites.values():
            yield from self._in_suite(suite, self.file.parent(suite[0]))

    def _in_suite(self, suite: _Suite, above: ast.AST | None) -> Iterator[Edit]:
        if isinstance(above, ast.Module) or not empties(self.gone, suite):
            yield from self._in_lines(suite, above)
        elif suite is getattr(above, "orelse", None):
            yield self._whole_lines(keyword_of(self.file, suite), suite[-1])
        elif isinstance(above, ast.If) and self._can_turn_round(above):
            yield turned_round(self.file, above)
        else:
            yield self._filled(suite, above)

    def _in_lines(self, suite: _Suite, above: ast.AST | None) -> Iterator[Edit]:
        """Remove some statements of a block: those that fill lines, and those that share one with others."""
        for is_whole, run in groupby(_lines(self.file, suite), key=self.gone.issuperset):
            lines = list(run)
            if is_whole:
                first = lines[0][0]
                heads = first is suite[0] and not isinstance(above, ast.Module)
                yield self._whole_lines(start_of(self.file, first), lines[-1][-1], heads_block=heads)
            else:
                for line in lines:
                    yield from self._in_line(line)

    def _whole_lines(self, start: int, last: ast.stmt, *, heads_block: bool = False) -> Edit:
        """Remove the lines from `start` to the end of `last`; comments inside move to the indentation of the first."""
        source = self.file.source
        first, indent = source.line_start(start), source.indent(start)
        stop = past_deeper_comments(source, source.line_end(source.span(last)[1]), indent)
        kept = self._comments(first, stop, indent)
        return Edit(first, stop if kept else past_blank_lines(source, first, stop, heads_block=heads_block), kept)

    def _in_line(self, line: _Suite) -> Iterator[Edit]:
        """Remove statements of a line that keeps others, with the semicolons between."""
        for is_gone, run in groupby(range(len(line)), key=lambda place: line[place] in self.gone):
            places = list(run)
            if is_gone and places[-1] + 1 < len(line):
                after = start_of(self.file, line[places[-1] + 1])
                yield Edit(start_of(self.file, line[places[0]]), after, b"")
            elif is_gone:
                before = self.file.source.span(line[places[0] - 1])[1]
                yield Edit(before, self.file.source.span(line[-1])[1], b"")

    def _can_turn_round(self, block: ast.If) -> bool:
        """Whether there is an `else` that stays, and no comment in the emptied body that would be lost."""
        if not block.orelse or is_elif(self.file, block.orelse[0]) or empties(self.gone, block.orelse):
            return False
        return not self._comments(self.file.source.span(block)[0], keyword_of(self.file, block.orelse), b"")

    def _filled(self, suite: _Suite, above: ast.AST | None) -> Edit:
        """Put `pass` in the place of a block's statements.

        The edit takes in the word that leads the next branch, so that a fix of another rule that removes that branch
        too waits for the next round, in which it sees the `pass` and removes the whole `if`.
        """
        source, start = self.file.source, start_of(self.file, suite[0])
        end = stop = source.span(suite[-1])[1]
        kept = self._comments(start, end, source.indent(start))
        if isinstance(above, ast.If) and above.orelse and not self._touches_next(above):
            stop = keyword_of(self.file, above.orelse) + len(b"else")
        if kept:
            start, kept = source.line_start(start), kept + source.indent(start)
        return Edit(start, stop, kept + b"pass" + source.text[end:stop])

    def _touches_next(self, block: ast.If) -> bool:
        """Whether something goes from the branch after the body too."""
        following = block.orelse[0]
        branch = following.body if isinstance(following, ast.If) and is_elif(self.file, following) else block.orelse
        return not self.gone.isdisjoint([following, *branch])

    def _comments(self, start: int, end: int, indent: bytes) -> bytes:
        """The comments on lines of their own between two offsets, without those of the statements asked for."""
        inside = [self.file.source.span(statement) for statement in self.asked]
        return b"".join(indent + line for line in comment_lines(self.file.source, start, end, inside))


def _lines(file: File, suite: _Suite) -> Iterator[list[ast.stmt]]:
    """The statements of a block, those that share a line together."""
    line: list[ast.stmt] = []
    for statement in suite:
        if line and starts_line(file, statement):
            yield line
            line = []
        line.append(statement)
    yield line
