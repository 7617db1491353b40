"""The file of a trace: written without knowing its length, mapped into memory (docs/traces.md).

A head of 32 bytes: ``qmp-lab1``, then three uint64, which are the number of steps, that of
handlers, and the form. Then an int64 per step, the interval in ns. In form 0 an uint64 per step
follows, whose bit i says that handler i had an event; in form 1 each step is an event of the only
handler, and nothing follows. All are little-endian.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import shutil
import struct
import sys
import tempfile
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from qmp_iothreadd.replaced_file import replaced_file

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAGIC = b"qmp-lab1"
WITH_EVENTS, WITHOUT_EVENTS = range(2)
_HEAD = struct.Struct("<8sQQQ")
_WORD = 8
_CHUNK = 1 << 16


class TraceWriter:
    """Takes the steps of a trace as they come; `writing` makes one.

    Attributes:
        steps: how many it has.
        handlers: how many the file is to say that there are; may be set until the end.
    """

    def __init__(self, file: BinaryIO, words: BinaryIO) -> None:
        self.steps = 0
        self.handlers = 1
        self._file, self._words = file, words
        self._has_words = False
        file.write(bytes(_HEAD.size))

    def add(self, intervals: Buffer, events: Buffer | None = None) -> None:
        """More steps: int64, and as many uint64; without those, events of the first handler."""
        count = memoryview(intervals).nbytes // _WORD
        words = None if events is None else memoryview(events).cast("B").cast("Q")
        if not self._has_words and words is not None and not _are_ones(words):
            self._has_words = True
            self._write_ones(self.steps)
        if self._has_words:
            if words is None:
                self._write_ones(count)
            else:
                self._words.write(little(words))
        self._file.write(little(memoryview(intervals)))
        self.steps += count

    def _write_ones(self, count: int) -> None:
        ones = little(memoryview(array("Q", [1]) * min(count, _CHUNK)))
        for start in range(0, count, _CHUNK):
            self._words.write(ones[: count - start])

    def end(self) -> None:
        """Make the file whole."""
        form = WITH_EVENTS if self._has_words or self.handlers > 1 else WITHOUT_EVENTS
        if form == WITH_EVENTS:
            if not self._has_words:
                self._write_ones(self.steps)
            self._words.seek(0)
            shutil.copyfileobj(self._words, self._file, _CHUNK)
        self._file.seek(0)
        self._file.write(_HEAD.pack(MAGIC, self.steps, self.handlers, form))


def _are_ones(words: memoryview) -> bool:
    ones = array("Q", [1]) * min(len(words), _CHUNK)
    parts = (words[start : start + _CHUNK] for start in range(0, len(words), _CHUNK))
    return all(part.tobytes() == ones[: len(part)].tobytes() for part in parts)


@contextlib.contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[TraceWriter]:
    """A writer of a file, which is there when the block ends, and not at all where it fails.

    What was there may be mapped: it is replaced, not overwritten. A pipe or a device gets it all
    at the end.

    Raises:
        OSError: it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        if os.path.exists(path) and not os.path.isfile(path):
            special = stack.enter_context(open(path, "wb"))
            file: BinaryIO = stack.enter_context(tempfile.TemporaryFile())
            words = stack.enter_context(tempfile.TemporaryFile())
        else:
            special, target = None, os.path.realpath(path)
            file = stack.enter_context(replaced_file(target))
            words = stack.enter_context(tempfile.TemporaryFile(dir=os.path.dirname(target)))
        writer = TraceWriter(file, words)
        yield writer
        writer.end()
        if special is not None:
            file.seek(0)
            shutil.copyfileobj(file, special)


def little(words: memoryview) -> memoryview:
    """Words of 8 bytes as they are in files, or the other way."""
    if sys.byteorder == "little":
        return words
    swapped = array(words.format, words.tobytes())
    swapped.byteswap()
    return memoryview(swapped)


def is_trace(file: io.BufferedReader) -> bool:
    """Whether it begins as a file of this format; nothing of it is read."""
    return file.peek(len(MAGIC))[: len(MAGIC)] == MAGIC


def mapped(descriptor: int) -> tuple[memoryview, memoryview | None, int]:
    """The intervals, the words of events (None where there is one handler), how many handlers.

    Raises:
        OSError: it cannot be mapped. ValueError: it is not whole, or of a form that is none.
    """
    size = os.fstat(descriptor).st_size
    if size < _HEAD.size:
        raise ValueError("it is cut off within its head, or is no file of a disk")
    memory = memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
    _, steps, handlers, form = _HEAD.unpack(memory[: _HEAD.size])
    if form not in (WITH_EVENTS, WITHOUT_EVENTS):
        raise ValueError(f"it has the form {form}, of a later version: this one reads 0 and 1")
    if form == WITHOUT_EVENTS and handlers != 1:
        raise ValueError(f"it has the form 1, which is of one handler, and {handlers} handlers")
    if size != _HEAD.size + (1 if form == WITHOUT_EVENTS else 2) * _WORD * steps:
        raise ValueError(f"{steps} steps take another size than its {size} bytes")
    middle = _HEAD.size + _WORD * steps
    words = None if form == WITHOUT_EVENTS else little(memory[middle:].cast("Q"))
    return little(memory[_HEAD.size : middle].cast("q")), words, handlers
