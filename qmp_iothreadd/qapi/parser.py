"""Files → definitions as written, with their documentation; includes followed, pragmas noted.

What a definition says is not looked at here; see :mod:`.checks`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from qmp_iothreadd.bounded_file import read_bounded
from qmp_iothreadd.qapi.docs import Doc, read_doc
from qmp_iothreadd.qapi.lexer import BOOLEAN, DOC, END, STRING, Lexer
from qmp_iothreadd.qapi.messages import QAPIError, Rule
from qmp_iothreadd.qapi.source import Location, Pragmas

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A value as written. There are no numbers and no null in the language.
Value = str | bool | list["Value"] | dict[str, "Value"]

# Bounds what a hostile file can do to the stack. QEMU's own limit is its interpreter's, and no
# schema comes near.
_MAX_NESTING = 200

# A file's text and the location of its first line.
_Included = tuple[str, Location]


class Definition:
    """A top-level expression that defines something, where it begins, and its documentation."""

    __slots__ = ("doc", "expression", "location")

    def __init__(self, expression: dict[str, Value], location: Location, doc: Doc | None) -> None:
        self.expression = expression
        self.location = location
        self.doc = doc


class Parser:
    """Reads a file and those it includes, each once; ``definitions`` and ``files`` are in order."""

    def __init__(self) -> None:
        self.definitions: list[Definition] = []
        self.files: list[str] = []
        self.pragmas = Pragmas()

    def read_top(self, file: str) -> None:
        """Read the file that a schema begins with. Raises :class:`QAPIError`."""
        first_line = Location(file, 1, self.pragmas)
        try:
            text = _read_text(first_line)
        except OSError as error:
            reason = error.strerror
            raise QAPIError(Rule.CANNOT_READ_SCHEMA, None, file=file, reason=reason) from error
        # Files that are being read, the innermost last: as deep as a schema likes.
        reading = [self._read(text, first_line)]
        while reading:
            included = next(reading[-1], None)
            if included is None:
                reading.pop()
            else:
                reading.append(self._read(*included))

    def _read(self, text: str, first_line: Location) -> Iterator[_Included]:
        """Read one file; what is yielded is to be read before going on."""
        self.files.append(os.path.abspath(first_line.file))
        lexer = Lexer(text, first_line)
        doc: Doc | None = None
        while lexer.kind != END:
            location = lexer.location()
            if lexer.kind == DOC:
                _require_no_definition(doc)
                doc = _read_doc_comment(lexer, location)
                continue
            expression = read_value(lexer)
            if not isinstance(expression, dict):
                raise QAPIError(Rule.NOT_AN_OBJECT, location)
            if "include" in expression:
                _require_no_definition(doc)
                included = self._include(expression, location)
                if included is not None:
                    yield included
            elif "pragma" in expression:
                _require_no_definition(doc)
                self._pragma(expression, location)
            else:
                if doc is not None and not doc.symbol:
                    raise QAPIError(Rule.DOC_DEFINITION_REQUIRED, doc.location)
                self.definitions.append(Definition(expression, location, doc))
            doc = None
        _require_no_definition(doc)

    def _include(self, directive: dict[str, Value], location: Location) -> _Included | None:
        if len(directive) != 1:
            raise QAPIError(Rule.INVALID_INCLUDE, location)
        include = directive["include"]
        if not isinstance(include, str):
            raise QAPIError(Rule.INCLUDE_NOT_STRING, location)
        file = os.path.join(os.path.dirname(location.file), include)
        path = os.path.abspath(file)
        outer: Location | None = location
        while outer is not None:
            if os.path.abspath(outer.file) == path:
                raise QAPIError(Rule.INCLUSION_LOOP, location, file=include)
            outer = outer.included_from
        if path in self.files:
            return None
        first_line = Location(file, 1, self.pragmas, location)
        try:
            return _read_text(first_line), first_line
        except OSError as error:
            reason = error.strerror
            raise QAPIError(Rule.CANNOT_READ_INCLUDE, location, file=file, reason=reason) from error

    def _pragma(self, directive: dict[str, Value], location: Location) -> None:
        if len(directive) != 1:
            raise QAPIError(Rule.INVALID_PRAGMA, location)
        pragma = directive["pragma"]
        if not isinstance(pragma, dict):
            raise QAPIError(Rule.PRAGMA_NOT_OBJECT, location)
        for name, value in pragma.items():
            if name == "doc-required":
                if not isinstance(value, bool):
                    raise QAPIError(Rule.PRAGMA_NOT_BOOLEAN, location, name=name)
                self.pragmas.doc_required = value
            elif name in self.pragmas.exceptions:
                self.pragmas.exceptions[name] = _strings(value, name, location)
            else:
                raise QAPIError(Rule.UNKNOWN_PRAGMA, location, name=name)


def _strings(value: Value, pragma: str, location: Location) -> list[str]:
    strings = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(strings) != len(value):
        raise QAPIError(Rule.PRAGMA_NOT_STRINGS, location, name=pragma)
    return strings


def _read_text(first_line: Location) -> str:
    """The text of a file, line ends made LF. Raises OSError, or QAPIError if it is not UTF-8."""
    # A pipe may be what a schema begins with, where it was named on purpose.
    content = read_bounded(first_line.file, regular=first_line.included_from is not None)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise QAPIError(Rule.NOT_UTF8, first_line.at(line)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _require_no_definition(doc: Doc | None) -> None:
    """Documentation of a definition must be followed by that definition."""
    if doc is not None and doc.symbol:
        raise QAPIError(Rule.DOC_NO_DEFINITION, doc.location, symbol=doc.symbol)


def _read_doc_comment(lexer: Lexer, location: Location) -> Doc:
    start = lexer.position
    lines, offsets, complete = lexer.doc_lines()

    # Without offsets the lines stand flush left and without gaps, right behind the "##".
    first = location.line + 1
    numbers = list(map(lexer.line_at, offsets)) if offsets else range(first, first + len(lines))

    def error(rule: Rule, line: int, *, offset: int | None = None, **values: object) -> QAPIError:
        if line == len(lines):
            lexer.check_doc_end(complete)
            return lexer.error(rule, **values)
        skipped = start + len("##\n") + sum(len(text) + 1 for text in lines[:line])
        position = offsets[line] if offsets else skipped
        if offset is not None:
            # Counted from the start of the line, even where the comment is indented, as by QEMU.
            position = lexer.line_start(position) + offset
        return lexer.error_at(position, rule, **values)

    doc = read_doc(lines, numbers, location, error)
    lexer.check_doc_end(complete)
    lexer.advance()
    doc.check_texts()
    return doc


def read_value(lexer: Lexer, depth: int = 0) -> Value:
    """The value that begins at the current token; the lexer is left behind it."""
    kind = lexer.kind
    if kind in (STRING, BOOLEAN):
        value = lexer.value
        lexer.advance()
        return value
    if depth == _MAX_NESTING:
        raise lexer.error(Rule.NESTED_TOO_DEEPLY, limit=_MAX_NESTING)
    if kind == "{":
        return _read_object(lexer, depth + 1)
    if kind == "[":
        return _read_array(lexer, depth + 1)
    raise lexer.error(Rule.EXPECTED_VALUE)


def _read_object(lexer: Lexer, depth: int) -> dict[str, Value]:
    members: dict[str, Value] = {}
    lexer.advance()
    if lexer.kind == "}":
        lexer.advance()
        return members
    if lexer.kind != STRING:
        raise lexer.error(Rule.EXPECTED_KEY_OR_END)
    while True:
        key = str(lexer.value)
        lexer.advance()
        if lexer.kind != ":":
            raise lexer.error(Rule.EXPECTED_COLON)
        lexer.advance()
        if key in members:
            raise lexer.error(Rule.DUPLICATE_KEY, key=key)
        members[key] = read_value(lexer, depth)
        if lexer.kind == "}":
            lexer.advance()
            return members
        if lexer.kind != ",":
            raise lexer.error(Rule.EXPECTED_COMMA_OR_BRACE)
        lexer.advance()
        if lexer.kind != STRING:
            raise lexer.error(Rule.EXPECTED_KEY)


def _read_array(lexer: Lexer, depth: int) -> list[Value]:
    values: list[Value] = []
    lexer.advance()
    if lexer.kind == "]":
        lexer.advance()
        return values
    if lexer.kind not in ("{", "[", STRING, BOOLEAN):
        raise lexer.error(Rule.EXPECTED_ELEMENT_OR_END)
    while True:
        values.append(read_value(lexer, depth))
        if lexer.kind == "]":
            lexer.advance()
            return values
        if lexer.kind != ",":
            raise lexer.error(Rule.EXPECTED_COMMA_OR_BRACKET)
        lexer.advance()
