"""Descriptors that came with a client's bytes (SCM_RIGHTS)."""

from __future__ import annotations

import contextlib
import os


class DescriptorInbox:
    """What came with a client's bytes (SCM_RIGHTS) and no request has taken yet.

    As in QEMU's chardev/char-socket.c, descriptors that arrive replace those that nobody took.
    """

    __slots__ = ("_fds",)

    def __init__(self) -> None:
        self._fds: list[int] = []

    def receive(self, fds: list[int]) -> None:
        """Keep ``fds``, which are ours from now on; close what was there."""
        self.close()
        self._fds = fds

    def take(self) -> int | None:
        """The first one, which is the caller's then; the others are closed."""
        if not self._fds:
            return None
        first = self._fds.pop(0)
        self.close()
        return first

    def close(self) -> None:
        """Close all."""
        fds, self._fds = self._fds, []
        for fd in fds:
            with contextlib.suppress(OSError):
                os.close(fd)
