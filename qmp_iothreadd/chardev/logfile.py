"""``logfile``: what is written to a character device is also written to a file."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.line_marks import LineMarks

if TYPE_CHECKING:
    from qmp_iothreadd.descriptors import Descriptors


class LogFile:
    """A log, and the filter that writes it, for all connections of its device."""

    ready = True
    ended = False

    def __init__(
        self, path: str, descriptors: Descriptors, *, append: bool = False, times: bool = False
    ) -> None:
        """Create the file, or go on at its end; ``times``: put the time before each line.

        ``path`` may name one that was handed over: ``/dev/fdset/N`` of ``descriptors``.

        Raises:
            QmpError: ``Could not create …``.
        """
        how = os.O_APPEND if append else os.O_TRUNC
        try:
            self._fd = descriptors.open(path, os.O_WRONLY | os.O_CREAT | how)
        except OSError as error:
            raise errors.file_not_created(path, error.strerror or str(error)) from None
        self._descriptors = descriptors
        self._marks = LineMarks(_now, at_line_start=True) if times else None

    def receive_data(self, data: bytes) -> bytes:
        """What comes in is not logged."""
        return data

    def data_to_send(self) -> bytes:
        """A log says nothing."""
        return b""

    def encode(self, data: bytes) -> bytes:
        """Log ``data``, as far as that can be done: chardev/char.c ignores a full disk, too."""
        rest = memoryview(data if self._marks is None else self._marks.add(data))
        with contextlib.suppress(OSError):
            while rest and self._fd >= 0:
                rest = rest[os.write(self._fd, rest) :]
        return data

    def close(self) -> None:
        """Log no more."""
        if self._fd >= 0:
            self._descriptors.close_opened(self._fd)
            self._fd = -1


def _now() -> bytes:
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    return now.replace("+00:00", "Z ").encode()
