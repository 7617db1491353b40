"""Text of one schema file → tokens and documentation comments.

Lines and columns are not tracked while reading: an error works them out from its offset, so that
reading pays nothing for them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.messages import QAPIError, Rule

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.source import Location

# White space, then one token or a plain comment. The first groups are the frequent ones; the last
# takes whatever is malformed. A string with a backslash, or without an end, is not matched by the
# first and is read step by step.
_TOKEN = re.compile(
    r"""\s*+
        (?: '([ -&(-\[\]-~]*+)'
          | ([{}\[\]:,])
          | (true|false)
          | (\#)(?=\#)
          | (\#[^\n]*+)
          | (\Z)
          | (.) )""",
    re.VERBOSE,
)
_STRING, _STRUCTURE, _BOOLEAN, _DOC, _COMMENT, _END, _OTHER = range(1, 8)
_STRAY = re.compile(r"""[^\[\]{}:,\s'"]+""")
# A comment as everyone writes it, flush left. Anything else takes the slow path.
_DOC_BLOCK = re.compile(r"##\n((?:#(?!#)[^\n]*+\n)*)##\n")
_DOC_LINE = re.compile(r"\s*+(#[^\n]*+)")

#: Kinds of tokens other than the structural characters, which stand for themselves.
STRING = "'"
BOOLEAN = "t"
DOC = "#"
END = ""


class Lexer:
    """The current token of a text: ``kind``, ``position``, ``value`` (of strings and booleans)."""

    __slots__ = ("_counted", "_end", "_first", "kind", "position", "text", "value")

    def __init__(self, text: str, first_line: Location) -> None:
        self.text = text if text.endswith("\n") else text + "\n"
        self._first = first_line
        self._end = 0
        self._counted = (0, 1)
        self.kind = END
        self.value: str | bool = ""
        self.position = 0
        self.advance()

    def advance(self) -> None:
        """Go to the next token."""
        match = _TOKEN.match(self.text, self._end)
        while match is not None and match.lastindex == _COMMENT:
            match = _TOKEN.match(self.text, match.end())
        assert match is not None  # One alternative takes any character, one the end.
        group = match.lastindex
        self._end = match.end()
        if group == _STRING:
            self.kind = STRING
            self.value = match[1]
            self.position = match.start(1) - 1
        elif group == _STRUCTURE:
            self.kind = match[2]
            self.position = self._end - 1
        elif group == _BOOLEAN:
            self.kind = BOOLEAN
            self.value = match[3] == "true"
            self.position = match.start(3)
        elif group == _DOC:
            self.kind = DOC
            self.position = self._end - 1
        elif group == _END:
            self.kind = END
            self.position = len(self.text) - 1
        else:
            self._read_other(match.start(_OTHER))

    def _read_other(self, start: int) -> None:
        self.position = start
        if self.text[start] == "'":
            self._read_string(start)
            return
        stray = _STRAY.match(self.text, start)
        raise self.error(Rule.STRAY, text=stray[0] if stray else self.text[start])

    def _read_string(self, start: int) -> None:
        """A string with escapes, or one that is wrong, which this finds out."""
        text = self.text
        value = []
        at = start + 1
        while (char := text[at]) != "'":
            if char == "\\":
                at += 1
                char = text[at]
                if char not in "\\\n":
                    raise self.error(Rule.UNKNOWN_ESCAPE, char=char)
            if char == "\n":
                raise self.error(Rule.UNTERMINATED_STRING)
            if not " " <= char <= "~":
                raise self.error(Rule.FUNNY_CHARACTER)
            value.append(char)
            at += 1
        self.kind = STRING
        self.value = "".join(value)
        self._end = at + 1

    def doc_lines(self) -> tuple[list[str], list[int], bool]:
        """The lines of the documentation comment that begins here, its ``##`` lines left out.

        Returns each line from its ``#`` on, the offsets of these (empty: flush left and without
        gaps), and whether the comment ended as it must. The current token is then its last line's,
        or the one found in place of it.
        """
        block = _DOC_BLOCK.match(self.text, self.position)
        if block:
            self.position = block.end() - 3
            self._end = block.end() - 1
            return block[1].split("\n")[:-1], [], True
        return self._loose_doc_lines()

    def _loose_doc_lines(self) -> tuple[list[str], list[int], bool]:
        lines: list[str] = []
        offsets: list[int] = []
        at = self.position
        line = _DOC_LINE.match(self.text, at)
        if line and line[1] != "##":
            raise self.error(Rule.DOC_JUNK_AT_START)
        while line:
            at = line.end()
            line = _DOC_LINE.match(self.text, at)
            if line and line[1].startswith("##"):
                self.position = line.start(1)
                self._end = line.end()
                return lines, offsets, True
            if line:
                lines.append(line[1])
                offsets.append(line.start(1))
        self._end = at
        return lines, offsets, False

    def check_doc_end(self, complete: bool) -> None:
        """A documentation comment must have ended, with ``##`` alone."""
        if not complete:
            self.advance()
            raise self.error(Rule.DOC_UNTERMINATED)
        if self.text[self.position : self._end] != "##":
            raise self.error(Rule.DOC_JUNK_AT_END)

    def line_at(self, position: int) -> int:
        """The line of an offset, from 1. Asked in ascending order, the text is gone through
        once.
        """
        offset, line = self._counted
        if position < offset:
            offset, line = 0, 1
        line += self.text.count("\n", offset, position)
        self._counted = (position, line)
        return line

    def line_start(self, position: int) -> int:
        """Where the line of an offset begins."""
        return self.text.rfind("\n", 0, position) + 1

    def location(self) -> Location:
        """The line of the current token."""
        return self._first.at(self.line_at(self.position))

    def error(self, rule: Rule, **values: object) -> QAPIError:
        """The error of breaking a rule at the current token, ready to be raised."""
        return self.error_at(self.position, rule, **values)

    def error_at(self, position: int, rule: Rule, **values: object) -> QAPIError:
        """The same at an offset."""
        column = 1
        for char in self.text[self.line_start(position) : position]:
            # QEMU does not go to the next tab stop: it takes the column modulo 8 (parser.py,
            # QAPIParseError).
            column = (column + 7) % 8 + 1 if char == "\t" else column + 1
        return QAPIError(rule, self._first.at(self.line_at(position)), column, **values)
