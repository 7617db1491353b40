"""Decisions of one iothread in a file, as the engine has them: nothing is put into words.

A file begins with ``qmp-trc1`` and an uint64, the length of the JSON that follows: what is in the
records. Then come records of 64-bit words: a head (the event's number in the low 16 bits, above
them how many words), the time (ns since 1970) and the arguments. Words are the writer's, whose
order of bytes the JSON names. Imported when somebody records, for it loads the extension.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import sys

from qmp_iothreadd import errors
from qmp_iothreadd.iothread._engine import ACTIONS, POLICIES, TRACE_EVENTS
from qmp_iothreadd.iothread.trace_lines import ADJUST_NAMES, HANDLER_NAMES

MAGIC = b"qmp-trc1"
LENGTH_BYTES = 8


class Recording:
    """An open file that takes records.

    Attributes:
        records: how many were written.
        dropped: how many were lost, since the thread was faster, or the file could not be written.
    """

    def __init__(self, path: str) -> None:
        """Make the file, or empty it. Raises QmpError: it cannot be written."""
        self.path = path
        self.records = self.dropped = self._size = 0
        try:
            self._fd = _opened(path)
        except (OSError, ValueError) as error:
            raise errors.cannot_open(path, getattr(error, "strerror", "") or str(error)) from None
        try:
            self._append(_head())
        except OSError as error:
            self.close()
            raise errors.cannot_open(path, error.strerror or str(error)) from None

    def write(self, records: bytes, count: int) -> None:
        """Take some whole records. Those that do not fit on the disk are dropped."""
        try:
            self._append(records)
        except OSError:
            self.dropped += count
        else:
            self.records += count

    def close(self) -> None:
        """Nothing more comes."""
        os.close(self._fd)

    def _append(self, data: bytes) -> None:
        """Write all of it; where that fails, none, and the file is as long as it was."""
        written = 0
        try:
            while written < len(data):
                written += os.pwrite(self._fd, data[written:], self._size + written)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise
        self._size += written


def _opened(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NONBLOCK
    fd = os.open(path, flags, 0o666)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file")
    return fd


def _head() -> bytes:
    about = {
        "byteorder": sys.byteorder,
        "events": TRACE_EVENTS,
        "x_aio_adjust": ADJUST_NAMES[1:-1],
        "handler": HANDLER_NAMES,
        "policies": POLICIES,
        "actions": ACTIONS,
    }
    text = json.dumps(about).encode()
    text += b" " * (-len(text) % LENGTH_BYTES)
    return MAGIC + len(text).to_bytes(LENGTH_BYTES, "little") + text
