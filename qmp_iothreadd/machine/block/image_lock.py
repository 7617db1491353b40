"""Locks on image files, by which processes see what others do to an image and share of it.

The bytes and their meaning are those of QEMU's block/file-posix.c, so that its tools and ours keep
off each other's images: byte 100 + N is locked where permission N is used, byte 200 + N where it is
not shared. Nothing is stored in the image.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block import permissions

_USED: Final = 100
_UNSHARED: Final = 200
_FLOCK: Final = struct.Struct("hhqqi4x")  # struct flock of 64-bit Linux


class ImageLock:
    """The locks that one open file has. They go with its descriptor."""

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self._path = path
        self._bytes: frozenset[int] = frozenset()

    def set(self, perm: int, shared: int) -> None:
        """Lock what stands for these permissions, and nothing else.

        Raises:
            QmpError: another process does what is not shared, or the reverse. The locks stay then.
        """
        used, unshared = _bits(perm), _bits(permissions.ALL & ~shared)
        wanted = frozenset([_USED + bit for bit in used] + [_UNSHARED + bit for bit in unshared])
        before = self._bytes
        self._take(before | wanted)
        try:
            for bit in used:
                if self._is_taken(_UNSHARED + bit):
                    raise errors.image_lock_failed(_name(bit), self._path, shared=False)
            for bit in unshared:
                if self._is_taken(_USED + bit):
                    raise errors.image_lock_failed(_name(bit), self._path, shared=True)
        except errors.QmpError:
            self._take(before)
            raise
        self._take(wanted)

    def move(self, fd: int) -> None:
        """Lock the same in another open file of the image; those of the old one go with it."""
        self._fd, wanted, self._bytes = fd, self._bytes, frozenset()
        self._take(wanted)

    def _take(self, wanted: frozenset[int]) -> None:
        """Where the file system has no locks, nobody sees any."""
        for byte in wanted ^ self._bytes:
            kind = fcntl.F_RDLCK if byte in wanted else fcntl.F_UNLCK
            with contextlib.suppress(OSError):
                self._call(fcntl.F_OFD_SETLK, kind, byte)
        self._bytes = wanted

    def _is_taken(self, byte: int) -> bool:
        with contextlib.suppress(OSError):
            return self._call(fcntl.F_OFD_GETLK, fcntl.F_WRLCK, byte) != fcntl.F_UNLCK
        return False

    def _call(self, command: int, kind: int, byte: int) -> int:
        given = _FLOCK.pack(kind, os.SEEK_SET, byte, 1, 0)
        found: int = _FLOCK.unpack(fcntl.fcntl(self._fd, command, given))[0]
        return found


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def _name(bit: int) -> str:
    return permissions.spoken(1 << bit)
