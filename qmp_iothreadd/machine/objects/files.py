"""Small files that objects read: secrets, keys, rules."""

from __future__ import annotations

import errno
import os
import select
import time

from qmp_iothreadd import errors

# All monitors wait while a file is read: nothing without end, and nothing that comes too late.
SIZE_MAX = 8 << 20
WAIT_S = 1.0
_CHUNK = 1 << 16


def read_file(path: str) -> bytes:
    """The content of a file; of a pipe, what comes until its end.

    Raises:
        QmpError: it cannot be opened or read, is too large, or its writer takes too long.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise errors.contents_not_opened(path, reason(error)) from None
    try:
        return _read(fd)
    except OSError as error:
        raise errors.contents_not_read(path, reason(error)) from None
    finally:
        os.close(fd)


def reason(error: Exception) -> str:
    """What the system says of an error, or would say where Python refuses before it is asked."""
    if isinstance(error, OSError):
        return os.strerror(error.errno or errno.EIO)
    if isinstance(error, MemoryError):
        return os.strerror(errno.ENOMEM)
    return os.strerror(errno.EFBIG if isinstance(error, OverflowError) else errno.ENOENT)


def _read(fd: int) -> bytes:
    deadline = time.monotonic() + WAIT_S
    chunks: list[bytes] = []
    size = 0
    while True:
        try:
            chunk = os.read(fd, _CHUNK)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                raise OSError(errno.ETIMEDOUT, "") from None
            select.select([fd], [], [], left)
            continue
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
        if size > SIZE_MAX:
            raise OSError(errno.EFBIG, "")
