"""The character devices of a machine, by name: made, found, removed.

A device is described by a ChardevBackend of the schema, in the form that it has on the wire,
whichever way it came: ``{"type": "socket", "data": {"addr": {"type": "unix", "data": {"path":
"/run/s"}}, "server": True, "wait": False}}``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final, cast

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.chardev import Chardev

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.peer import Peer
    from qmp_iothreadd.descriptors import Descriptors
    from qmp_iothreadd.qom.object import Container, Object
    from qmp_iothreadd.qom.option_lists import OptionList
    from qmp_iothreadd.qom.types import TypeRegistry

_KINDS: Final = {
    "file": "files:ChardevFile",
    "hub": "hub:ChardevHub",
    "memory": "ringbuf:ChardevMemory",
    "msmouse": "guest_only:ChardevMsmouse",
    "mux": "mux:ChardevMux",
    "null": "null:ChardevNull",
    "parallel": "files:ChardevParallel",
    "pipe": "files:ChardevPipe",
    "pty": "pty:ChardevPty",
    "qemu-vdagent": "guest_only:ChardevVDAgent",
    "ringbuf": "ringbuf:ChardevRingbuf",
    "serial": "files:ChardevSerial",
    "socket": "socket:ChardevSocket",
    "spicevmc": "guest_only:ChardevSpiceVMC",
    "stdio": "stdio:ChardevStdio",
    "testdev": "guest_only:ChardevTestdev",
    "udp": "udp:ChardevUdp",
    "vc": "guest_only:ChardevVC",
    "wctablet": "guest_only:ChardevWctablet",
}
"""The modules and classes of this room that the kinds are, loaded when one is made."""


def _no_descriptors() -> Descriptors:
    """Those of devices that belong to no machine."""
    from qmp_iothreadd.descriptors import Descriptors

    return Descriptors()


# So long does the end wait for peers to take their last bytes: it takes little more than a second.
CLOSE_S = 0.8


class Chardevs:
    """All devices below ``/chardevs``; iterating gives them in the order in which they were made.

    ``report`` says a line on standard error in the program's name, ``say`` one on standard output.
    ``quit`` ends the machine, ``find_object`` finds one of those that users make. ``descriptors``
    are those that clients handed over. ``escape_key``: what multiplexers listen to. ``daemonize``:
    standard input is about to be let go. ``options``: the option lists of which devices were made;
    their ids are taken. ``starting``: front ends are still to come.
    """

    def __init__(self, types: TypeRegistry, folder: Container) -> None:
        self._types = types
        self._folder = folder
        self._peers: set[Peer] = set()
        self._last_left: asyncio.Future[None] | None = None
        self.report: Callable[[str], None] = lambda text: None
        self.say: Callable[[str], None] = lambda text: None
        self.quit: Callable[[], None] = lambda: None
        self.find_object: Callable[[str], Object | None] = lambda name: None
        self.descriptors: Callable[[], Descriptors] = _no_descriptors
        self.escape_key = 0x01
        self.daemonize = False
        self.starting = False
        self.options: OptionList | None = None
        types.load_later(self._add_types)

    def __iter__(self) -> Iterator[Chardev]:
        children = (self._folder.children or {}).values()
        return iter([child for child in children if isinstance(child, Chardev)])

    def listed(self) -> list[Chardev]:
        """All devices as query-chardev lists them: backwards through the table (chardev/char)."""
        found = reversed(self._folder.children_in_order())
        return [child for child in found if isinstance(child, Chardev)]

    def get(self, name: str) -> Chardev | None:
        """The device of this name, or None."""
        children = self._folder.children
        return cast("Chardev | None", children.get(name)) if children else None

    def find(self, name: str) -> Chardev:
        """The device of this name.

        Raises:
            QmpError: there is none.
        """
        found = self.get(name)
        if found is None:
            raise errors.no_such_chardev(name)
        return found

    # -- Making and removing ----------------------------------------------------------------------

    def add(
        self,
        name: str,
        backend: Mapping[str, Any],
        handed_over: MutableMapping[str, int] | None = None,
    ) -> Chardev:
        """Open a device and put it into the tree; an event loop runs.

        ``handed_over`` are the named descriptors of the monitor that asks, if one does.

        Raises:
            QmpError: there is no such kind, it cannot be opened, or the name is taken. Nothing is
            left behind.
        """
        made = self.make(name, backend)
        made.handed_over = handed_over
        made.start()
        try:
            self._folder.add_child(name, made)
        except BaseException:
            made.close()
            raise
        return made

    def make(self, name: str, backend: Mapping[str, Any]) -> Chardev:
        """A device that is not open, nor in the tree.

        Raises:
            QmpError: there is no such kind.
        """
        kind = backend["type"]
        if kind not in _KINDS:
            raise errors.chardev_driver_unknown(kind)
        cls = _load(kind)
        made = cls(self._types.add(cls), self, backend["data"])
        made.name = name
        return made

    def remove(self, name: str) -> None:
        """Close a device that nobody uses, and take it out of the tree.

        Raises:
            QmpError: there is none, or it is in use.
        """
        found = self.find(name)
        if found.busy:
            raise errors.chardev_busy(name)
        found.unparent()
        found.close()

    def _add_types(self) -> None:
        for kind in _KINDS:
            self._types.add(_load(kind))

    def started(self) -> None:
        """All that a command line asks for is there."""
        self.starting = False
        for chardev in self:
            chardev.started()

    # -- The end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Close all devices; who comes is served no more."""
        for chardev in self:
            chardev.unparent()
            chardev.close()

    async def drained(self) -> None:
        """Wait, not for ever, until the peers of closed devices have read what is written."""
        if not self._peers:
            return
        self._last_left = asyncio.get_running_loop().create_future()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._last_left, CLOSE_S)
        for peer in tuple(self._peers):
            peer.abort()

    def peer_came(self, peer: Peer) -> None:
        """Somebody is connected to a device."""
        self._peers.add(peer)

    def peer_left(self, peer: Peer) -> None:
        """And is gone."""
        self._peers.discard(peer)
        left = self._last_left
        if left is not None and not self._peers and not left.done():
            left.set_result(None)


def _load(kind: str) -> type[Chardev]:
    module, _, name = _KINDS[kind].partition(":")
    return cast("type[Chardev]", getattr(errors.import_late(f"{__package__}.{module}"), name))
