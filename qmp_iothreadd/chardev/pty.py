"""Pseudo-terminals: chardev/char-pty.c."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import tty
from typing import ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.fd import FdTransport
from qmp_iothreadd.qom.object import Property

# How long until it is looked again whether somebody has opened the other side: nothing wakes who
# waits for that.
_POLL_S = 1.0


class ChardevPty(Chardev):
    """A new pseudo-terminal; who opens its other side is the peer."""

    __slots__ = ("_fd", "_loop", "_stopped", "_timer", "terminal")

    qom_name = "chardev-pty"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    @property
    def filename(self) -> str:
        """What query-chardev calls it: the path of the other side."""
        return f"pty:{self.terminal}"

    def open(self) -> None:
        """Make the pseudo-terminal, say where it is, and link it to where it is wanted.

        Raises:
            QmpError: there is none left, or the link cannot be made.
        """
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        try:
            self._fd, other = os.openpty()
            self.terminal = os.ttyname(other)
            tty.setraw(other)
            os.close(other)
        except OSError as error:
            raise errors.pty_not_created(error.strerror or str(error)) from None
        os.set_blocking(self._fd, False)
        self.chardevs.say(f"char device redirected to {self.terminal} (label {self.name})")
        try:
            if "path" in self.data:
                os.symlink(self.terminal, self.data["path"])
        except OSError as error:
            os.close(self._fd)
            raise errors.pty_link_not_created(error.strerror or str(error)) from None

    def frontend_changed(self) -> None:
        """Look who is there, now that there is somebody to talk to."""
        self._look()

    def peer_left(self) -> None:
        """Look for the next one, or give the terminal back."""
        if self._stopped:
            os.close(self._fd)
        else:
            self._look_later()

    def stop(self) -> None:
        """Look for nobody any more."""
        self._stopped = True
        self._stop_timer()
        if "path" in self.data:
            with contextlib.suppress(OSError):
                os.unlink(self.data["path"])
        if not self.peers:
            os.close(self._fd)

    def _look(self) -> None:
        self._stop_timer()
        if self.frontend is None or self.peers:
            return
        poller = select.poll()
        poller.register(self._fd, select.POLLOUT)
        if any(event & select.POLLHUP for _, event in poller.poll(0)):
            self._look_later()
        else:
            _PtyTransport(self._loop, self.make_peer(), self._fd, self._fd).start()

    def _look_later(self) -> None:
        if self.frontend is not None and self._timer is None:
            self._timer = self._loop.call_later(_POLL_S, self._look)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _PtyTransport(FdTransport):
    """It ends when the other side is closed."""

    def input_ended(self) -> None:
        """Nobody has the other side open any more: what is still to be written is lost."""
        self.abort()
