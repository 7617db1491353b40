"""Standard input and output."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.fd import ChardevFd, FdTransport
from qmp_iothreadd.chardev.terminal import set_terminal
from qmp_iothreadd.qom.object import ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.chardev import Devices


class ChardevStdio(ChardevFd):
    """Standard input and output, which one device can have.

    A terminal hands over each key as it is pressed, unless the front end leaves that to it, and is
    put back as it was in the end.
    """

    __slots__ = ("_restore_terminal",)

    qom_name = "chardev-stdio"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def __init__(self, type: ObjectType, chardevs: Devices, data: Mapping[str, Any]) -> None:
        super().__init__(type, chardevs, data)
        self._restore_terminal: Callable[[], None] = lambda: None

    def open(self) -> None:
        """Begin to read.

        Raises:
            QmpError: another device does, or the daemon goes to the background.
        """
        if self.chardevs.daemonize:
            raise errors.stdio_while_daemonizing()
        if any(isinstance(other, ChardevStdio) for other in self.chardevs):
            raise errors.stdio_in_use()
        self.frontend_changed()
        peer = self.make_peer()
        FdTransport(asyncio.get_running_loop(), peer, 0, 1, peer.input_ended).start()

    def frontend_changed(self) -> None:
        """The terminal shows what is typed, or the front end does."""
        self._restore_terminal()
        if self._closed:
            return  # the terminal is somebody else's again
        keys = self.frontend is None or self.frontend.wants_keys
        signals = self.data.get("signal", True)
        self._restore_terminal = set_terminal(0, keys=keys, signals=signals)

    def peer_left(self) -> None:
        """Nobody reads standard output any more."""
        self._restore_terminal()

    def stop(self) -> None:
        """Put the terminal back as it was."""
        self._restore_terminal()
