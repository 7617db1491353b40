"""Tokens to messages, as QEMU's qobject/json-streamer: limits, and what follows an error."""

from __future__ import annotations

from typing import Final

from qmp_iothreadd.errors import QmpError
from tests.json.reference import mod_utf8
from tests.json.reference.lexer import (
    END,
    ERROR,
    LCURLY,
    LSQUARE,
    MAX_TOKEN_SIZE,
    NONE,
    OVERSIZED,
    RCURLY,
    RSQUARE,
    JSONLexer,
)
from tests.json.reference.parser import UNFINISHED, JSONParser, JSONSyntaxError

MAX_TOKEN_COUNT: Final = 2 << 20
MAX_NESTING: Final = 1 << 10


class JSONStreamer:
    """The exact reader: takes tokens from ``lexer`` and gives values and errors in their order.

    The first error in a message is raised at once. What follows is dropped: up to where all braces
    and all brackets, which are counted apart, are closed; up to one that closes and was not open;
    or up to a lexical error, which is dropped as well.
    """

    def __init__(self, lexer: JSONLexer) -> None:
        self._lexer = lexer
        self._parser = JSONParser()
        self._dropping = False
        self._braces = 0
        self._brackets = 0
        self._token_count = 0  # in this message
        self._token_size = 0  # bytes in them

    @property
    def idle(self) -> bool:
        """Whether the next token begins a message."""
        return self._token_count == 0

    def next(self, tokens: int | None = None) -> object:
        """The next value; UNFINISHED when more input, or more ``tokens``, are needed for it.

        Raises QmpError.
        """
        lexer = self._lexer
        left = tokens
        while (kind := lexer.next()) != NONE:
            value = self._process(kind, lexer.text)
            if value is not UNFINISHED:
                return value
            if left is not None:
                left -= 1
                if not left:
                    break
        return UNFINISHED

    def _process(self, kind: int, text: bytes) -> object:
        self._token_count += 1
        self._token_size += len(text) if kind != OVERSIZED else MAX_TOKEN_SIZE
        if kind <= RSQUARE or kind == ERROR:
            self._balance(kind)
        try:
            return UNFINISHED if self._dropping else self._feed(kind, text)
        except QmpError:
            self._dropping = True
            raise
        finally:
            if not (self._braces or self._brackets) or kind == END:
                self._reset()

    def _balance(self, kind: int) -> None:
        if kind == LCURLY:
            self._braces += 1
        elif kind == LSQUARE:
            self._brackets += 1
        elif kind == RCURLY and self._braces:
            self._braces -= 1
        elif kind == RSQUARE and self._brackets:
            self._brackets -= 1
        else:
            self._braces = self._brackets = 0

    def _feed(self, kind: int, text: bytes) -> object:
        if self._token_size >= MAX_TOKEN_SIZE:
            raise QmpError("JSON token size limit exceeded")
        if self._token_count > MAX_TOKEN_COUNT:
            raise QmpError("JSON token count limit exceeded")
        if self._braces + self._brackets > MAX_NESTING:
            raise QmpError("JSON nesting depth limit exceeded")
        if kind == END:
            if self._parser.idle:
                return UNFINISHED
            raise self._error("premature end of input")
        if kind == ERROR:
            raise self._error(f"stray '{mod_utf8.decode_lossy(text)}'")
        try:
            return self._parser.feed(kind, text)
        except JSONSyntaxError as error:
            raise self._error(str(error)) from None

    def _error(self, what: str) -> QmpError:
        line, column = self._lexer.position()
        return QmpError(f"{line}:{column}: JSON parse error, {what}")

    def _reset(self) -> None:
        self._dropping = False
        self._braces = self._brackets = 0
        self._token_count = self._token_size = 0
        self._lexer.text = b""  # it may be long
        if not self._parser.idle:
            self._parser.reset()
