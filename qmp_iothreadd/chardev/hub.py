"""A hub: one front end on several devices (chardev/char-hub.c).

What comes from any of the devices the front end reads; what it writes goes to all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.frontend import FrontendProtocol
from qmp_iothreadd.chardev.mux import ChardevMux
from qmp_iothreadd.chardev.sink import SinkTransport
from qmp_iothreadd.qom.object import ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.chardev import Devices

DEVICES_LIMIT: Final = 4
"""The most devices of one hub."""


class ChardevHub(Chardev):
    """It is the front end of its devices; its own has one peer while any of them has one."""

    __slots__ = ("_devices", "_transport")

    qom_name = "chardev-hub"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    # As the front end of the devices.
    wants_keys = True
    multi_client = False

    def __init__(self, type: ObjectType, chardevs: Devices, data: Mapping[str, Any]) -> None:
        super().__init__(type, chardevs, data)
        self._devices: list[Chardev] = []
        self._transport: _HubTransport | None = None

    def open(self) -> None:
        """Become the front end of all devices.

        Raises:
            QmpError: there are none or too many, or one of them cannot be had.
        """
        if not self.data["chardevs"]:
            raise errors.hub_without_devices()
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            for name in self.data["chardevs"]:
                self._take(name)
            undo.pop_all()

    def stop(self) -> None:
        """Leave the devices to others."""
        devices, self._devices = self._devices, []
        for device in devices:
            device.detach(self)

    def _take(self, name: str) -> None:
        device = self.chardevs.get(name)
        if device is None:
            raise errors.hub_device_not_found(name)
        if isinstance(device, ChardevHub | ChardevMux):
            raise errors.hub_of_hubs(name)
        if len(self._devices) == DEVICES_LIMIT:
            raise errors.hub_full(self.name, DEVICES_LIMIT)
        device.attach(self)
        self._devices.append(device)

    # -- The front end of the devices -------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether there is anybody to hand bytes to."""
        return self.frontend is not None

    def connect(self) -> FrontendProtocol:
        """Somebody is at the other side of a device."""
        return _HubPeer(self)

    def peer_opened(self, transport: asyncio.Transport) -> _HubTransport:
        """A device has a peer; with the first one the front end begins."""
        if self._transport is None:
            loop = asyncio.get_running_loop()
            self._transport = _HubTransport(loop, self.make_peer(), transport)
            self._transport.start()
        else:
            self._transport.add(transport)
        return self._transport

    def peer_left(self) -> None:
        """The front end has ended; with the next peer it begins again."""
        self._transport = None


class _HubTransport(SinkTransport):
    """What the front end reads from and writes to, on the transports of all peers."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        transport: asyncio.Transport,
    ) -> None:
        super().__init__(loop, protocol, self._write_all)
        self._transports = [transport]
        self._reading_paused = False
        self._writing_paused: set[asyncio.Transport] = set()

    def _write_all(self, data: bytes) -> None:
        for each in self._transports:
            each.write(data)

    # -- The devices' side ------------------------------------------------------------------------

    def add(self, transport: asyncio.Transport) -> None:
        """Another device has a peer."""
        self._transports.append(transport)
        if self._reading_paused:
            transport.pause_reading()

    def remove(self, transport: asyncio.Transport) -> None:
        """A peer is gone; with the last one the front end ends."""
        self._transports.remove(transport)
        self.resume_writing(transport)
        if not self._transports:
            super().close()

    def receive(self, data: bytes) -> None:
        """Hand on what comes from a device."""
        if not self.is_closing():
            self._protocol.data_received(data)

    def pause_writing(self, transport: asyncio.Transport) -> None:
        """A peer does not read: nor is anything written to the others."""
        if not self._writing_paused:
            self._protocol.pause_writing()
        self._writing_paused.add(transport)

    def resume_writing(self, transport: asyncio.Transport) -> None:
        """It reads again."""
        if transport in self._writing_paused:
            self._writing_paused.remove(transport)
            if not self._writing_paused:
                self._protocol.resume_writing()

    # -- The front end's side ---------------------------------------------------------------------

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """They are those of the devices now connected."""
        for each in self._transports:
            each.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """How many bytes wait for the slowest peer."""
        return max([each.get_write_buffer_size() for each in self._transports], default=0)

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._reading_paused = True
        for each in self._transports:
            each.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._reading_paused = False
        for each in self._transports:
            each.resume_reading()

    def close(self) -> None:
        """Close all peers, once they have what was written."""
        for each in self._transports:
            each.close()
        super().close()

    def abort(self) -> None:
        """Close all peers at once."""
        for each in self._transports:
            each.abort()
        super().close()


class _HubPeer(FrontendProtocol):
    """The peer of one device."""

    def __init__(self, hub: ChardevHub) -> None:
        self._hub = hub
        self._shared: _HubTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._shared = self._hub.peer_opened(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._shared is not None:
            self._shared.receive(data)

    def pause_writing(self) -> None:
        if self._shared is not None:
            self._shared.pause_writing(self._transport)

    def resume_writing(self) -> None:
        if self._shared is not None:
            self._shared.resume_writing(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._shared is not None:
            self._shared.remove(self._transport)
            self._shared = None

    def cut_off(self) -> None:
        if self._shared is not None:
            self._transport.abort()
