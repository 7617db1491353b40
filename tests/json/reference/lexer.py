"""Bytes to tokens, as QEMU's qobject/json-lexer: a state machine that can stop at any byte.

A token that lies whole in the buffer is taken by one regular expression; whatever else there is (a
token cut by the end of a read, an error and the recovery from it) goes through the table of states,
in which regular expressions skip the runs that stay in one state. Nothing is scanned twice, however
the input is split.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# Kinds of token. NONE: more input is needed. ERROR: the text ends with the byte that fits nowhere.
# OVERSIZED: MAX_TOKEN_SIZE bytes and one of a token, without text; what follows is read as if it
# began there.
NONE: Final = 0
LCURLY: Final = 1
RCURLY: Final = 2
LSQUARE: Final = 3
RSQUARE: Final = 4
COLON: Final = 5
COMMA: Final = 6
STRING: Final = 7
INTEGER: Final = 8
FLOAT: Final = 9
KEYWORD: Final = 10
ERROR: Final = 11
OVERSIZED: Final = 12
END: Final = 13

MAX_TOKEN_SIZE: Final = 64 << 20
"""Bytes. No token is longer, nor is all the text of a message."""

_PUNCTUATION: Final = {
    ord("{"): LCURLY,
    ord("}"): RCURLY,
    ord("["): LSQUARE,
    ord("]"): RSQUARE,
    ord(":"): COLON,
    ord(","): COMMA,
}

# The inside of a string, up to a number of escapes: each repeat of a group takes memory until the
# match is over, so a longer string is left to the machine, which takes it in pieces of this size.
_DQ = rb"""[^"\\\x00-\x1f\xfe\xff]*+(?:\\[\x20-\xfd][^"\\\x00-\x1f\xfe\xff]*+){,256}"""
_SQ = rb"""[^'\\\x00-\x1f\xfe\xff]*+(?:\\[\x20-\xfd][^'\\\x00-\x1f\xfe\xff]*+){,256}"""
_INT = rb"-?(?:0|[1-9][0-9]*+)"
_AFTER_NUMBER = rb"(?=[^0-9.eE])"  # what else could go on with the number, as far as one byte tells

_WHOLE_TOKEN = re.compile(
    rb"[ \t\r\n]*+(?:([][{}:,])"
    rb'|("' + _DQ + rb"\"|'" + _SQ + rb"')"
    rb"|(" + _INT + rb")" + _AFTER_NUMBER
    + rb"|(" + _INT + rb"\.[0-9]++(?:[eE][+-]?[0-9]++)?)" + _AFTER_NUMBER
    + rb"|([a-z]++)(?=[^a-z]))"
)  # fmt: skip
_KIND_OF_GROUP: Final = (NONE, NONE, STRING, INTEGER, FLOAT, KEYWORD)
_ENDED_BY_NEXT: Final = (False,) * INTEGER + (True, True, True)  # integers, floats, keywords

# States, named after what has been read.
_START = 0
_DQ_STRING = 1
_DQ_ESCAPE = 2
_SQ_STRING = 3
_SQ_ESCAPE = 4
_SIGN = 5
_ZERO = 6
_DIGITS = 7
_POINT = 8
_FRACTION = 9
_EXP = 10
_EXP_SIGN = 11
_EXP_DIGITS = 12
_WORD = 13
_RECOVERY = 14
_RESUMED = 15  # as _START, but a token that begins here keeps the position of the oversized one

# A step of the machine: the next state, or, with one of these flags, the kind of the token that
# ends here.
_EMIT = 0x20  # with this byte
_EMIT_BEFORE = 0x40  # before this byte, which is then read again from _START
_RESTART = _EMIT_BEFORE | NONE  # the recovery is over; this byte is read again from _START

_DIGIT = b"0123456789"
_LOWER = bytes(range(ord("a"), ord("z") + 1))
_CONTROL = bytes(range(0x20))
_IN_STRING = bytes(range(0x20, 0xFE))


def _steps(default: int, *exceptions: tuple[Iterable[int], int]) -> bytes:
    steps = bytearray([default]) * 256
    for characters, step in exceptions:
        for character in characters:
            steps[character] = step
    return bytes(steps)


_WRONG = _EMIT | ERROR
_BEGIN = _steps(
    _WRONG,
    (b" \t\r\n", _START),
    (b'"', _DQ_STRING),
    (b"'", _SQ_STRING),
    (b"-", _SIGN),
    (b"0", _ZERO),
    (_DIGIT[1:], _DIGITS),
    (_LOWER, _WORD),
    *(([byte], _EMIT | kind) for byte, kind in _PUNCTUATION.items()),
)
_STEPS: Final[dict[int, bytes]] = {
    _START: _BEGIN,
    _RESUMED: _BEGIN,
    _DQ_STRING: _steps(
        _WRONG, (_IN_STRING, _DQ_STRING), (b"\\", _DQ_ESCAPE), (b'"', _EMIT | STRING)
    ),
    _DQ_ESCAPE: _steps(_WRONG, (_IN_STRING, _DQ_STRING)),
    _SQ_STRING: _steps(
        _WRONG, (_IN_STRING, _SQ_STRING), (b"\\", _SQ_ESCAPE), (b"'", _EMIT | STRING)
    ),
    _SQ_ESCAPE: _steps(_WRONG, (_IN_STRING, _SQ_STRING)),
    _SIGN: _steps(_WRONG, (b"0", _ZERO), (_DIGIT[1:], _DIGITS)),
    _ZERO: _steps(_EMIT_BEFORE | INTEGER, (_DIGIT, _WRONG), (b".", _POINT)),
    _DIGITS: _steps(_EMIT_BEFORE | INTEGER, (_DIGIT, _DIGITS), (b".", _POINT), (b"eE", _EXP)),
    _POINT: _steps(_WRONG, (_DIGIT, _FRACTION)),
    _FRACTION: _steps(_EMIT_BEFORE | FLOAT, (_DIGIT, _FRACTION), (b"eE", _EXP)),
    _EXP: _steps(_WRONG, (b"+-", _EXP_SIGN), (_DIGIT, _EXP_DIGITS)),
    _EXP_SIGN: _steps(_WRONG, (_DIGIT, _EXP_DIGITS)),
    _EXP_DIGITS: _steps(_EMIT_BEFORE | FLOAT, (_DIGIT, _EXP_DIGITS)),
    _WORD: _steps(_EMIT_BEFORE | KEYWORD, (_LOWER, _WORD)),
    _RECOVERY: _steps(
        _RECOVERY, (_CONTROL, _RESTART), (b"\t", _RECOVERY), (b"[]{}:,\xfe\xff", _RESTART)
    ),
}
_DIGIT_RUN = re.compile(rb"[0-9]*+")
_RUNS: Final[dict[int, re.Pattern[bytes]]] = {
    _START: re.compile(rb"[ \t\r\n]*+"),
    _DQ_STRING: re.compile(_DQ),
    _SQ_STRING: re.compile(_SQ),
    _DIGITS: _DIGIT_RUN,
    _FRACTION: _DIGIT_RUN,
    _EXP_DIGITS: _DIGIT_RUN,
    _WORD: re.compile(rb"[a-z]*+"),
    _RECOVERY: re.compile(rb"[^][{}:,\x00-\x08\x0a-\x1f\xfe\xff]*+"),
}


class JSONLexer:
    """Feed it bytes, take tokens.

    After ``next()`` has returned a kind, ``text`` is the token and ``position()`` the line and the
    column where it begins, both counted from 1 as QEMU counts them.
    """

    def __init__(self) -> None:
        self.text = b""
        self.pending_bytes = 0  # fed and not yet looked at
        self.ended = False  # no more input comes, and END has not been returned yet
        self._chunks: list[bytes] = []  # fed and not yet in the buffer
        self._buffer = b""
        self._pos = 0
        self._state = _START
        self._start = 0  # of the token at hand, in the buffer
        self._partial = bytearray()  # what earlier buffers held of it
        self._position: tuple[int, int] | None = None  # where it began, once that is known
        # QEMU's json-lexer takes the column of a token from the byte after the one that ended the
        # token before. A number, a keyword and a recovery end only with the byte that follows
        # them, so this is one too many when that byte is itself the beginning of a token.
        self._skew = 0  # of the token at hand
        self._skew_next = 0
        # Lines are counted when asked for: the LFs before this place in the buffer are in
        # self._line.
        self._counted = 0
        self._line = 1
        self._line_start = 0  # in the buffer; negative if it began in an earlier one

    def feed(self, data: bytes) -> None:
        """Add input; nothing is read yet."""
        if data:
            self._chunks.append(data)
            self.pending_bytes += len(data)

    def eof(self) -> None:
        """Say that no more input comes: a token cut off ends as it is, then an END follows."""
        self.ended = True

    def next(self) -> int:
        """The kind of the next token, NONE if more input is needed for it."""
        if self._state == _START:
            match = _WHOLE_TOKEN.match(self._buffer, self._pos)
            if match is not None:
                group = match.lastindex or 0
                start, end = match.span(group)
                if end - start <= MAX_TOKEN_SIZE:
                    return self._take(group, start, end)
        return self._run()

    def _take(self, group: int, start: int, end: int) -> int:
        buffer = self._buffer
        kind = _KIND_OF_GROUP[group] or _PUNCTUATION[buffer[start]]
        self.text = buffer[start:end]
        self._skew = self._skew_next if start == self._pos else 0
        self._skew_next = 1 if _ENDED_BY_NEXT[kind] else 0
        self.pending_bytes -= end - self._pos
        self._pos = end
        self._start = start
        self._position = None
        return kind

    def _run(self) -> int:
        """Step through the states up to the end of a token, or of the input."""
        while self._pos < len(self._buffer) or self._refill():
            self._skip_run()
            if self._pos == len(self._buffer):
                continue
            state = self._state
            step = _STEPS[state][self._buffer[self._pos]]
            if state == _START:
                self._begin_token()
            if step == _RESTART:
                self._state = _START
                self._skew_next = 1
            elif step & _EMIT_BEFORE:
                return self._finish(step ^ _EMIT_BEFORE, 1)
            else:
                self._pos += 1
                self.pending_bytes -= 1
                if step & _EMIT:
                    return self._finish(step ^ _EMIT, 0)
                self._enter(step)
                if self._token_size() > MAX_TOKEN_SIZE:
                    return self._finish(OVERSIZED, 0)
        return self._run_end() if self.ended else NONE

    def _skip_run(self) -> None:
        """Skip what stays in this state, in a token no further than to the limit."""
        run = _RUNS.get(self._state)
        if run is None:
            return
        end = len(self._buffer)
        if self._state not in (_START, _RECOVERY):
            # The byte past the limit is left to the machine, which then ends the token.
            end = min(end, self._start + MAX_TOKEN_SIZE - len(self._partial))
        match = run.match(self._buffer, self._pos, max(end, self._pos))
        skipped = match.end() - self._pos if match is not None else 0
        if skipped:
            self._pos += skipped
            self.pending_bytes -= skipped
            if self._state == _START:
                self._skew_next = 0

    def _begin_token(self) -> None:
        self._start = self._pos
        self._position = None
        self._skew = self._skew_next
        self._skew_next = 0

    def _enter(self, state: int) -> None:
        if self._state == _RESUMED:
            self._start = self._pos if state == _START else self._pos - 1
        self._state = state

    def _token_size(self) -> int:
        if self._state in (_START, _RECOVERY):
            return 0
        return len(self._partial) + self._pos - self._start

    def _finish(self, kind: int, skew_next: int) -> int:
        if self._state == _RESUMED:
            self._start = self._pos - 1  # no token that ends in this state is longer than a byte
        self._state = _RECOVERY if kind == ERROR else _START
        if kind == OVERSIZED:
            self._position = self.position()
            self._state = _RESUMED
            self.text = b""
        elif self._partial:
            self._partial += self._buffer[self._start : self._pos]
            self.text = bytes(self._partial)
        else:
            self.text = self._buffer[self._start : self._pos]
        self._partial.clear()
        self._skew_next = skew_next
        return kind

    def _run_end(self) -> int:
        """Go on as if a byte that nobody will consume stood at the end."""
        if self._state in (_START, _RESUMED, _RECOVERY):
            if self._state == _RECOVERY:
                self._skew_next = 1
            self._state = _START
            self._begin_token()
            self.ended = False
            return self._finish(END, 0)
        step = _STEPS[self._state][0]
        return self._finish(step & ~(_EMIT | _EMIT_BEFORE), 1)

    def _refill(self) -> bool:
        """Put what has been fed into the used-up buffer; whether there was anything."""
        if not self._chunks:
            return False
        if self._state not in (_START, _RECOVERY, _RESUMED):
            self._position = self.position()
            self._partial += self._buffer[self._start :]
        self._count_lines(len(self._buffer))
        self._line_start -= len(self._buffer)
        self._counted = self._start = self._pos = 0
        self._buffer = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        return True

    def position(self) -> tuple[int, int]:
        """Line and column of the token at hand."""
        if self._position is not None:
            return self._position
        self._count_lines(self._start)
        return self._line, self._start - self._line_start + 1 + self._skew

    def _count_lines(self, end: int) -> None:
        lines = self._buffer.count(b"\n", self._counted, end)
        if lines:
            self._line += lines
            self._line_start = self._buffer.rfind(b"\n", self._counted, end) + 1
        self._counted = max(end, self._counted)
