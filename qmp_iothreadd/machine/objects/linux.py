"""System calls that Python's standard library does not have, or not in full."""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache
from typing import Final

PROT_READ: Final = 1
PROT_WRITE: Final = 2
MAP_SHARED: Final = 1
MAP_PRIVATE: Final = 2
MAP_ANONYMOUS: Final = 0x20
MAP_NORESERVE: Final = 0x4000
MADV_REMOVE: Final = 9
MADV_MERGEABLE: Final = 12
MADV_UNMERGEABLE: Final = 13
MADV_DONTDUMP: Final = 16
MADV_DODUMP: Final = 17
MADV_POPULATE_WRITE: Final = 23
MPOL_MF_STRICT: Final = 1
KEYCTL_READ: Final = 11

# The C library has no functions of its own for these; their numbers are the machine's.
_NUMBERS: Final = {
    "keyctl": {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280},
    "mbind": {"x86_64": 237, "aarch64": 235, "riscv64": 235, "ppc64le": 259, "s390x": 268},
}


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = (
        *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int),
        *(ctypes.c_int, ctypes.c_int, ctypes.c_int64),
    )
    library.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    library.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    library.syscall.restype = ctypes.c_long
    return library


def _failed() -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))


def call(name: str, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """A system call by its name.

    Raises:
        OSError: it failed, or there is none on this machine.
    """
    number = _NUMBERS[name].get(platform.machine(), -1)
    converted = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = int(_library().syscall(ctypes.c_long(number), *converted))
    if result < 0:
        raise _failed()
    return result


class Mapping:
    """A part of the address space, whose pages are there when they are first touched."""

    def __init__(self, size: int, protection: int, flags: int, fd: int = -1, offset: int = 0):
        """Map ``size`` bytes of a file, or of nothing.

        Raises:
            OSError: it cannot be had.
        """
        address = _library().mmap(None, size, protection, flags, fd, offset)
        if address in (None, ctypes.c_void_p(-1).value):
            raise _failed()
        self.address = int(address)
        self.size = size

    def advise(self, advice: int) -> None:
        """Raises OSError: the kernel does not follow it."""
        if _library().madvise(self.address, self.size, advice) != 0:
            raise _failed()

    def bind(self, policy: int, nodes: int) -> None:
        """Take memory from NUMA nodes, of which ``nodes`` has a bit each.

        Raises:
            OSError: there are no such nodes, or it is not allowed.
        """
        mask = ctypes.create_string_buffer(nodes.to_bytes(32, "little"), 32)
        highest = nodes.bit_length() + 1
        call("mbind", self.address, self.size, policy, mask, highest, MPOL_MF_STRICT)

    def close(self) -> None:
        """Give it back."""
        _library().munmap(self.address, self.size)
