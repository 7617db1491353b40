"""The reader in Python that the native one replaced: both say the same of any input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from tests.json.reference import lexer, streamer
from tests.json.reference.lexer import JSONLexer
from tests.json.reference.parser import UNFINISHED
from tests.json.reference.streamer import JSONStreamer

PENDING = UNFINISHED


class PythonReader:
    """As ``JSONReader``."""

    def __init__(self) -> None:
        self._lexer = JSONLexer()
        self._streamer = JSONStreamer(self._lexer)

    @property
    def pending_bytes(self) -> int:
        return self._lexer.pending_bytes

    def feed(self, data: bytes) -> None:
        self._lexer.feed(data)

    def eof(self) -> None:
        self._lexer.eof()

    def next(self, tokens: int | None = None) -> object:
        if not self._lexer.pending_bytes and not self._lexer.ended:
            return PENDING
        return self._streamer.next(tokens)


@contextmanager
def python_reader(limits: tuple[int, int, int] | None = None) -> Iterator[PythonReader]:
    """One with these limits (size, tokens, depth) while this is open, else with QEMU's."""
    if limits is None:
        yield PythonReader()
        return
    size, tokens, depth = limits
    with (
        mock.patch.object(lexer, "MAX_TOKEN_SIZE", size),
        mock.patch.multiple(
            streamer, MAX_TOKEN_SIZE=size, MAX_TOKEN_COUNT=tokens, MAX_NESTING=depth
        ),
    ):
        yield PythonReader()
