"""Writing a file that others see as it was, or whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import BinaryIO


@contextlib.contextmanager
def replaced_file(path: str, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of ``path`` when the block ends.

    Where it fails, or is killed, what was there stays; who has that open or mapped keeps it.

    Args:
        mode: the new file's, less the umask.

    Raises:
        OSError: it cannot be written.
    """
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(temporary, flags, mode)
    except OSError as error:  # who asked knows no other name
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None
    try:
        with open(descriptor, "w+b") as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
