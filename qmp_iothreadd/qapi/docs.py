"""Documentation comments: their structure, which is checked, and their text, which is kept.

A comment that begins with ``@NAME:`` documents the definition that follows it; others are free
text. The structure of the former: text, then ``@MEMBER:`` descriptions, a ``Features:`` line with
``@FEATURE:`` descriptions, and tagged sections (``Returns:``, ``Since:`` …). QEMU's layout changed
over time: continuation lines used to line up with the first line's text, later they only need a
common indentation. Both are accepted, and only what neither allows is refused. Errors and their
lines are those of QEMU's front end since 10.2. Unlike it, this one does not insist on a description
of each member: a schema that was extended by hand is served all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qmp_iothreadd.qapi.doc_format import first_misformatted
from qmp_iothreadd.qapi.messages import QAPIError, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from qmp_iothreadd.qapi.source import Location

    #: Makes the error of breaking a rule at a line of the comment, ``offset`` characters behind its
    #: start if given; other values are the rule's.
    MakeError = Callable[..., QAPIError]

_TAGS = frozenset(
    tag + ":"
    for tag in ("Returns", "Errors", "Since", "Note", "Notes", "Example", "Examples", "TODO")
)
_UNIQUE_TAGS = frozenset({"Returns", "Errors", "Since"})
_COMMAND_TAGS = ("Returns", "Errors")
_ANY_MEMBER = re.compile(r"@[^:]*:")


class Doc:
    """One documentation comment. ``symbol`` is empty where it is free text.

    ``members`` and ``features`` are the names that it describes, ``tags`` the tagged sections it
    has, each with the line of the file where the first of its name begins.
    """

    __slots__ = ("features", "location", "members", "symbol", "tags", "text", "textless")

    def __init__(self, location: Location, text: str) -> None:
        self.location = location
        self.text = text
        self.symbol = ""
        self.members: dict[str, int] = {}
        self.features: dict[str, int] = {}
        self.tags: dict[str, int] = {}
        #: The first section that lacks a text, and the line where it begins.
        self.textless: tuple[str, int] | None = None

    def check_texts(self) -> None:
        """Refuse sections without a text."""
        if self.textless is not None:
            kind, line = self.textless
            raise QAPIError(Rule.DOC_EMPTY_SECTION, self.location.at(line), kind=kind)

    def check_tags(self, meta: str, *, returns: bool) -> None:
        """Refuse sections that make no sense for this kind of definition.

        ``returns``: whether it is a command that returns something.
        """
        if meta == "command":
            if "Returns" in self.tags and not returns:
                raise QAPIError(Rule.DOC_RETURNS_NOTHING, self.location.at(self.tags["Returns"]))
            return
        for tag in _COMMAND_TAGS:
            if tag in self.tags:
                raise QAPIError(
                    Rule.DOC_ONLY_FOR_COMMANDS, self.location.at(self.tags[tag]), tag=tag
                )

    def check_described(self, members: Container[str], features: Container[str]) -> None:
        """Refuse descriptions of what the definition does not have."""
        for described, existing, kind in (
            (self.members, members, "member"),
            (self.features, features, "feature"),
        ):
            unknown = [name for name in described if name not in existing]
            if not unknown:
                continue
            first = self.location.at(described[unknown[0]])
            if len(unknown) == 1:
                raise QAPIError(Rule.DOC_NO_SUCH_MEMBER, first, kind=kind, name=unknown[0])
            names = "', '".join(unknown)
            raise QAPIError(Rule.DOC_NO_SUCH_MEMBERS, first, kind=kind, names=names)


class _Structure:
    """Goes through the lines of one comment, with a handful of flags on the current section."""

    __slots__ = (
        "_continuation",
        "_doc",
        "_empty",
        "_error",
        "_indent",
        "_line",
        "_newlines",
        "_numbers",
        "_place",
        "_section",
    )

    def __init__(self, doc: Doc, numbers: Sequence[int], error: MakeError) -> None:
        self._doc = doc
        self._numbers = numbers
        self._error = error
        self._line = 0
        # Where in the comment we are: body, members, features or sections.
        self._place = "body"
        # The current section: what it is and its line (the body is nothing), whether it has text
        # yet, and how many line ends its text ends in. Two end a paragraph.
        self._section: tuple[str, int] | None = None
        self._empty = True
        self._newlines = 0
        # Least indentation of continuation lines: the column of the first line's text, and that of
        # the first continuation line (-1: none yet).
        self._indent = 0
        self._continuation = -1

    def read(self, lines: list[str]) -> None:
        """Go through all lines, the first of which is the symbol's."""
        for number in range(1, len(lines)):
            line = lines[number]
            self._line = number
            if len(line) > 1 and line[1] != " ":
                raise self._error(Rule.DOC_MISSING_SPACE, number)
            text = line[2:].rstrip()
            if text:
                self._read_line(text)
            else:
                self._newlines += 1

    def end(self) -> None:
        """Behind the last of all lines."""
        if self._place == "features" and not self._doc.features:
            raise self._error(Rule.DOC_FEATURES_EXPECTED, self._line + 1)
        self._end_section()

    def _here(self) -> Location:
        return self._doc.location.at(self._numbers[self._line])

    def _read_line(self, line: str) -> None:
        first = line[:1]
        if self._place == "features" and not self._doc.features and first != "@":
            raise self._error(Rule.DOC_FEATURES_EXPECTED, self._line)
        if first == "@":
            word = line.split(" ", 1)[0]
            if word.endswith(":"):
                self._begin_member(line, word)
                return
            match = _ANY_MEMBER.match(line)
            if match:
                raise self._error(Rule.DOC_TAG_IN_FREE_FORM, self._line, tag=match[0])
        elif first.isalpha() and self._begin_tagged(line):
            return
        self._add_text(line)

    def _begin_member(self, line: str, word: str) -> None:
        """``@NAME: text``, of a member or a feature."""
        if self._place == "sections":
            raise self._error(Rule.DOC_MEMBER_AFTER_SECTION, self._line, tag=word)
        if self._place == "body":
            self._place = "members"
        kind = "Feature" if self._place == "features" else "Member"
        described = self._doc.features if kind == "Feature" else self._doc.members
        name = word[1:-1]
        if not name:
            raise QAPIError(Rule.DOC_PARAMETER_NAME, self._here())
        if name in described:
            raise QAPIError(Rule.DOC_DUPLICATE_PARAMETER, self._here(), name=name)
        described[name] = self._numbers[self._line]
        self._begin_section(kind, line, word)

    def _begin_tagged(self, line: str) -> bool:
        """``Returns: text`` and the like; also ``Features:``. False where it is ordinary text."""
        word = line.split(" ", 1)[0]
        if word in _TAGS:
            tag = word[:-1]
            if tag in _UNIQUE_TAGS and tag in self._doc.tags:
                raise QAPIError(Rule.DOC_DUPLICATE_SECTION, self._here(), name=tag)
            self._doc.tags.setdefault(tag, self._numbers[self._line])
            self._begin_section(tag.title(), line, word)
            self._place = "sections"
            return True
        if line == "Features:" and self._may_begin_features():
            if self._doc.features or self._place == "features":
                raise self._error(Rule.DOC_DUPLICATE_FEATURES, self._line)
            self._place = "features"
            return True
        return False

    def _may_begin_features(self) -> bool:
        """Features follow the overview or a blank line; a section without text takes the line."""
        if self._place == "sections" and self._empty:
            return False
        return self._place == "body" or self._newlines > 1

    def _begin_section(self, kind: str, line: str, word: str) -> None:
        self._end_section()
        self._section = kind, self._numbers[self._line]
        text = line[len(word) :].lstrip()
        self._empty = not text
        # A line with nothing behind the colon asks for no indentation.
        self._indent = len(line) - len(text) if text else 0
        self._continuation = -1
        self._newlines = 1

    def _end_section(self) -> None:
        if self._section is not None and self._empty and self._doc.textless is None:
            self._doc.textless = self._section

    def _add_text(self, line: str) -> None:
        """Ordinary text goes on with a section; after a blank line, it may begin one."""
        blank, self._newlines = self._newlines > 1, 1
        if self._place == "body":
            return
        indent = len(line) - len(line.lstrip())
        if not indent and blank and (self._place != "sections" or self._indent):
            self._end_section()
            self._place = "sections"
            self._section = None
            self._indent = 0
        if indent < self._indent and (not indent or indent < self._continuation):
            least = self._indent if self._continuation < 0 else self._continuation
            raise self._error(Rule.DOC_DE_INDENT, self._line, indent=min(least, self._indent))
        if self._continuation < 0:
            self._continuation = indent
        self._empty = False


def read_doc(lines: list[str], numbers: Sequence[int], location: Location, error: MakeError) -> Doc:
    """The comment that consists of these lines, each with its ``#``.

    ``numbers`` are the lines of the file that they stand in. ``error(rule, line, **values)`` makes
    the error to raise; its line counts from 0 and may be ``len(lines)``, the closing ``##``.
    """
    doc = Doc(location, "\n".join([line[2:] for line in lines]))
    misformatted = first_misformatted(lines)
    if misformatted is None:
        _read_structure(doc, lines, numbers, error)
        return doc
    # What is wrong with the lines before, or with the prefix of this one, comes first.
    number, rule, offset = misformatted
    _read_structure(doc, lines[:number], numbers, error, cut_off=True)
    raise error(rule, number, offset=offset)


def _read_structure(
    doc: Doc, lines: list[str], numbers: Sequence[int], error: MakeError, *, cut_off: bool = False
) -> None:
    if not lines or not lines[0].startswith("# @"):
        _read_free_form(lines, error)
        return
    symbol = lines[0][3:].rstrip()
    if not symbol.endswith(":"):
        raise error(Rule.DOC_SYMBOL_COLON, 0)
    if symbol == ":":
        raise error(Rule.DOC_SYMBOL_NAME, 0)
    doc.symbol = symbol[:-1]
    structure = _Structure(doc, numbers, error)
    structure.read(lines)
    if not cut_off:
        structure.end()


def _read_free_form(lines: list[str], error: MakeError) -> None:
    for number, line in enumerate(lines):
        if line.startswith("# "):
            match = _ANY_MEMBER.match(line, 2)
            if match:
                raise error(Rule.DOC_TAG_IN_FREE_FORM, number, tag=match[0])
        elif line != "#":
            raise error(Rule.DOC_MISSING_SPACE, number)
