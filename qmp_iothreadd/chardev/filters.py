"""Filters stand between a transport and a protocol, and change the bytes that pass.

A filter is a plain object without IO; :func:`filtered` puts some around a protocol, for asyncio.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, cast

from qmp_iothreadd.chardev.frontend import DescriptorProtocol


class Filter(Protocol):
    """Bytes in, bytes out, both ways. It is ``ready`` once payload can pass."""

    @property
    def ready(self) -> bool:
        """Whether the protocol may begin; what it writes is encoded from then on."""

    @property
    def ended(self) -> bool:
        """Whether the connection is over: what is left to send is sent, then it is closed."""

    def receive_data(self, data: bytes) -> bytes:
        """Take what came over the wire. Returns: the payload in it."""

    def data_to_send(self) -> bytes:
        """What the filter itself has to say; asked at the start and after each ``receive_data``."""

    def encode(self, data: bytes) -> bytes:
        """Payload as it goes over the wire."""


def filtered(protocol: DescriptorProtocol, filters: Sequence[Filter]) -> DescriptorProtocol:
    """The protocol behind the filters, the first of which is the nearest to the wire."""
    for each in reversed(filters):
        protocol = _Filtered(protocol, each)
    return protocol


class _Filtered(DescriptorProtocol):
    """A protocol that takes what is on the wire for one that takes the payload."""

    def __init__(self, protocol: DescriptorProtocol, filter: Filter) -> None:
        self._protocol = protocol
        self._filter = filter
        self._transport: asyncio.Transport | None = None
        self._begun = False
        self._writing_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._say()
        self._begin()

    def data_received(self, data: bytes) -> None:
        payload = self._filter.receive_data(data)
        self._say()
        self._begin()
        if payload and self._begun:
            self._protocol.data_received(payload)
        if self._filter.ended and self._transport is not None:
            self._transport.close()

    def descriptors_received(self, fds: list[int]) -> None:
        self._protocol.descriptors_received(fds)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received() if self._begun else False

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._writing_paused = True
        if self._begun:
            self._protocol.pause_writing()
        elif self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._writing_paused = False
        if self._begun:
            self._protocol.resume_writing()
        elif self._transport is not None:
            self._transport.resume_reading()

    def _begin(self) -> None:
        if self._filter.ready and not self._begun and self._transport is not None:
            self._begun = True
            self._protocol.connection_made(FilteredTransport(self._transport, self._filter))

    def _say(self) -> None:
        output = self._filter.data_to_send()
        if output and self._transport is not None:
            self._transport.write(output)


class FilteredTransport(asyncio.Transport):
    """A transport whose output passes through a filter."""

    def __init__(self, transport: asyncio.Transport, filter: Filter) -> None:
        super().__init__()
        self._transport = transport
        self._filter = filter

    def write(self, data: Any) -> None:
        """Write payload."""
        if not self._transport.is_closing():
            self._transport.write(self._filter.encode(bytes(data)))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows."""
        return self._transport.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """When the protocol is told to pause, in bytes on the wire."""
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """How many bytes wait for the peer."""
        return self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Deliver what was written, then close."""
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()
