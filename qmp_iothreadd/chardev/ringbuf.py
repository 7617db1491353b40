"""Devices in memory: what is written stays in a ring buffer, which commands read and write."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.ring_buffer import RingBuffer
from qmp_iothreadd.chardev.sink import SinkTransport
from qmp_iothreadd.qom.object import ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.chardev import Devices

DEFAULT_SIZE: Final = 65536


class ChardevRingbuf(Chardev):
    """``ring``: what was written last, by the front end or by ringbuf-write, and is not read."""

    __slots__ = ("ring",)

    has_context = False
    qom_name = "chardev-ringbuf"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def __init__(self, type: ObjectType, chardevs: Devices, data: Mapping[str, Any]) -> None:
        super().__init__(type, chardevs, data)
        self.ring = RingBuffer(data.get("size", DEFAULT_SIZE))

    def open(self) -> None:
        """Let the front end write.

        Raises:
            QmpError: the size is no power of two.
        """
        size = self.ring.size
        if size & (size - 1):
            raise errors.ring_buffer_size()
        SinkTransport(asyncio.get_running_loop(), self.make_peer(), self.ring.write).start()


class ChardevMemory(ChardevRingbuf):
    """The same under an older name."""

    __slots__ = ()

    qom_name = "chardev-memory"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()
