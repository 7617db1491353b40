"""A multiplexer: several front ends on one device, of which one has the focus (chardev/char-mux.c).

It is the front end of its base, and has up to four of its own. What is typed goes to the one that
has the focus; what they write goes out, but for those that show what is typed: their output waits
until they have the focus.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.mux_keys import FRONTENDS_LIMIT, MuxKeys, Timestamps
from qmp_iothreadd.chardev.mux_link import MuxPeer
from qmp_iothreadd.qom.object import ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.chardev import Devices
    from qmp_iothreadd.chardev.frontend import Frontend, FrontendProtocol


class ChardevMux(Chardev):
    """``frontends``: by slot; a slot that one left is taken by the next."""

    __slots__ = ("_base", "_focus", "_peer", "_timestamps", "frontends")

    qom_name = "chardev-mux"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    # As the front end of the base.
    wants_keys = True
    multi_client = False

    def __init__(self, type: ObjectType, chardevs: Devices, data: Mapping[str, Any]) -> None:
        super().__init__(type, chardevs, data)
        self.frontends: dict[int, Frontend] = {}
        self._focus = -1
        self._base: Chardev | None = None
        self._peer: MuxPeer | None = None
        self._timestamps = Timestamps(time.monotonic)

    def open(self) -> None:
        """Become the front end of the base.

        Raises:
            QmpError: there is no base, or another has it.
        """
        name = self.data["chardev"]
        base = self.chardevs.get(name)
        if base is None:
            raise errors.mux_base_not_found(name)
        base.attach(self)
        self._base = base

    def stop(self) -> None:
        """Leave the base to others."""
        base, self._base = self._base, None
        if base is not None:
            base.detach(self)

    # -- The front end of the base ----------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether there is anybody to hand keys to."""
        return any(each.is_open for each in self.frontends.values())

    def connect(self) -> FrontendProtocol:
        """Somebody is at the other side of the base; all front ends greet."""
        self._peer = MuxPeer(self, MuxKeys(self.chardevs.escape_key))
        return self._peer

    def peer_opened(self, peer: MuxPeer) -> None:
        """Let the front ends begin."""
        self._open_links()

    def peer_lost(self, peer: MuxPeer) -> None:
        """Nobody is there any more."""
        if self._peer is peer:
            self._peer = None

    # -- Front ends -------------------------------------------------------------------------------

    def attach(self, frontend: Frontend) -> None:
        """Add a front end, which takes the focus.

        Raises:
            QmpError: there are four already.
        """
        free = [slot for slot in range(FRONTENDS_LIMIT) if slot not in self.frontends]
        if not free:
            raise errors.mux_full(self.name, FRONTENDS_LIMIT)
        self.frontends[free[0]] = frontend
        self._set_focus(free[0])
        self._open_links()

    def detach(self, frontend: Frontend) -> None:
        """Take a front end out; what is typed waits until another has the focus."""
        for slot, each in tuple(self.frontends.items()):
            if each is frontend:
                del self.frontends[slot]
                if self._peer is not None:
                    self._peer.remove(slot)

    @property
    def busy(self) -> bool:
        """Whether somebody uses it."""
        return bool(self.frontends)

    @property
    def frontend_open(self) -> bool:
        """Whether the front end that has the focus listens."""
        focused = self.frontends.get(self._focus)
        return focused is not None and focused.is_open

    def started(self) -> None:
        """All front ends of the start are there: they greet."""
        self._open_links()

    def _open_links(self) -> None:
        # At the start only the one is seen to greet that has the focus in the end.
        if self._peer is None or not self._peer.open or self.chardevs.starting:
            return
        for slot in sorted(self.frontends):
            if slot not in self._peer.links:
                self._peer.add(slot, self.frontends[slot])
        self._peer.go_on()

    def _set_focus(self, slot: int) -> None:
        if self._peer is not None:
            self._peer.leave_focus(self._focus)
        self._focus = slot
        if self._peer is not None:
            self._peer.take_focus(slot)

    # -- What peers ask for -----------------------------------------------------------------------

    def focused(self, slot: int) -> bool:
        """Whether the front end in this slot has the focus."""
        return slot == self._focus

    def mark(self, data: bytes) -> bytes:
        """Output as it goes to the base."""
        return self._timestamps.mark(data)

    def run(self, command: str, peer: MuxPeer) -> None:
        """Do what a key says. Saving disks and sending a break concern a guest alone."""
        if command == "h":
            peer.write(peer.keys.help())
        elif command == "x":
            peer.write(b"QEMU: Terminated\n\r")
            self.chardevs.quit()
        elif command == "t":
            self._timestamps.toggle()
        elif command == "c" and self.frontends:
            slots = sorted(self.frontends)
            self._set_focus(next((slot for slot in slots if slot > self._focus), slots[0]))
