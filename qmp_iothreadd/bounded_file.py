"""Reading a file whole, where a client or a command line names it: nothing without end."""

from __future__ import annotations

import errno
import os
import stat

SIZE_MAX = 8 << 20
"""No file that is read whole is larger, in bytes."""


def read_bounded(path: str, limit: int = SIZE_MAX, *, regular: bool = True) -> bytes:
    """The content of a file of ``limit`` bytes at most.

    ``regular``: it has to be one of a disk, so that nobody is waited for; else it may be a pipe,
    such as a shell's ``<(command)``, whose end is waited for.

    Raises:
        OSError: it cannot be opened or read, is too large, or of another kind.
        ValueError: there is a NUL in the path.
    """
    wait = os.O_NONBLOCK if regular else 0
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | wait)
    try:
        if regular:
            _check_regular(os.fstat(fd).st_mode)
        pieces: list[bytes] = []
        left = limit + 1
        while piece := os.read(fd, left):
            pieces.append(piece)
            left -= len(piece)
    finally:
        os.close(fd)
    if not left:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return b"".join(pieces)


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file")
