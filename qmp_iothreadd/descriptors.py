"""Descriptors that clients handed over: by name for each monitor, in numbered sets for all.

The rules are those of QEMU's monitor/fds.c since 9.1: what a client put into a set stays there
until it is removed, whether or not the client stays.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from typing import Final, NamedTuple

from qmp_iothreadd import errors

FDSET_PREFIX: Final = "/dev/fdset/"
"""A file name that begins so is the number of a set."""

_ACCESS_MODES: Final = os.O_RDONLY | os.O_WRONLY | os.O_RDWR | os.O_DIRECT
_NUMBER: Final = re.compile(r"[ \t\n\v\f\r]*\+?0*([0-9]{1,10})")  # as strtol reads it
_INT_MAX: Final = 2**31 - 1


class FdsetFd(NamedTuple):
    """A descriptor of a set, and the text that it was added with."""

    fd: int
    opaque: str | None


class _Fdset:
    """``fds``: what clients added, the oldest first. ``duplicates``: what was opened from it."""

    __slots__ = ("duplicates", "fds")

    def __init__(self) -> None:
        self.fds: list[FdsetFd] = []
        self.duplicates: set[int] = set()


class FdSets:
    """All sets, by number."""

    def __init__(self) -> None:
        self._sets: dict[int, _Fdset] = {}

    def add(self, fd: int, number: int | None, opaque: str | None) -> int:
        """Put a descriptor into the set ``number``, or into a new one; it is the set's now.

        Returns: the number of the set; that of a new one is the lowest that is free.

        Raises:
            QmpError: ``number`` is negative; the descriptor is still the caller's.
        """
        if number is None:
            number = 0
            while number in self._sets:
                number += 1
        elif number < 0:
            raise errors.invalid_parameter_value("fdset-id", "a non-negative value")
        self._sets.setdefault(number, _Fdset()).fds.append(FdsetFd(fd, opaque))
        return number

    def remove(self, number: int, fd: int | None) -> None:
        """Close one descriptor of a set, or all that clients added.

        Raises:
            QmpError: there is no such set, or no such descriptor in it.
        """
        found = self._sets.get(number)
        chosen = [each for each in found.fds if fd in (None, each.fd)] if found else []
        if found is None or (fd is not None and not chosen):
            raise errors.fdset_member_not_found(number, fd)
        found.fds = [each for each in found.fds if each not in chosen]
        for each in chosen:
            os.close(each.fd)
        self._drop_if_empty(number)

    def members(self) -> list[tuple[int, list[FdsetFd]]]:
        """The sets with their descriptors, the highest number first: qmp_query_fdsets' order."""
        return [(number, list(self._sets[number].fds)) for number in sorted(self._sets)[::-1]]

    def open(self, path: str, flags: int) -> int:
        """A duplicate of the latest descriptor of a set that is open for what ``flags`` ask for.

        ``path`` begins with ``FDSET_PREFIX``.

        Raises:
            OSError: EINVAL where ``path`` ends in no number, ENOENT where there is no such set,
            EACCES where no descriptor of it fits.
        """
        number = _NUMBER.fullmatch(path.removeprefix(FDSET_PREFIX))
        if number is None or int(number[1]) > _INT_MAX:
            raise _os_error(errno.EINVAL)
        found = self._sets.get(int(number[1]))
        if found is None:
            raise _os_error(errno.ENOENT)
        for each in reversed(found.fds):
            if fcntl.fcntl(each.fd, fcntl.F_GETFL) & _ACCESS_MODES == flags & _ACCESS_MODES:
                duplicate = fcntl.fcntl(each.fd, fcntl.F_DUPFD_CLOEXEC, 0)
                found.duplicates.add(duplicate)
                return duplicate
        raise _os_error(errno.EACCES)

    def forget_duplicate(self, fd: int) -> None:
        """What ``open`` returned is about to be closed; a set that is empty then goes."""
        for number, each in list(self._sets.items()):
            if fd in each.duplicates:
                each.duplicates.remove(fd)
                self._drop_if_empty(number)

    def close(self) -> None:
        """Close what clients added. Duplicates belong to those who opened them."""
        for found in self._sets.values():
            for each in found.fds:
                os.close(each.fd)
        self._sets.clear()

    def _drop_if_empty(self, number: int) -> None:
        found = self._sets[number]
        if not found.fds and not found.duplicates:
            del self._sets[number]


class Descriptors:
    """What a machine's clients handed over: ``sets``, and what they named with getfd.

    Names are a monitor's own. They outlive its client: the next one finds them.
    """

    def __init__(self) -> None:
        self.sets = FdSets()
        self._named: dict[str, dict[str, int]] = {}

    def named(self, monitor_id: str) -> dict[str, int]:
        """The descriptors of a monitor, by name. Who takes one out owns it."""
        return self._named.setdefault(monitor_id, {})

    def forget(self, monitor_id: str) -> None:
        """A monitor is gone: so are its descriptors."""
        for fd in self._named.pop(monitor_id, {}).values():
            os.close(fd)

    def open(self, path: str, flags: int, mode: int = 0o666) -> int:
        """Open a file, or a duplicate from the set that ``path`` names, as qemu_open does.

        It is given back with ``close_opened``.

        Raises:
            OSError: as ``os.open`` does; for a set see ``FdSets.open``.
        """
        if path.startswith(FDSET_PREFIX):
            return self.sets.open(path, flags)
        return os.open(path, flags | os.O_CLOEXEC, mode)

    def close_opened(self, fd: int) -> None:
        """Close what ``open`` returned."""
        self.sets.forget_duplicate(fd)
        os.close(fd)

    def close(self) -> None:
        """Close all that clients handed over; what was opened is closed by who opened it."""
        for monitor_id in list(self._named):
            self.forget(monitor_id)
        self.sets.close()


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
