"""The device that nobody is behind."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.sink import SinkTransport
from qmp_iothreadd.qom.object import Property


class Discarding(Chardev):
    """Base of the devices from which nothing ever comes, and in which what is written is gone."""

    __slots__ = ()

    has_context = False

    def open(self) -> None:
        """Let the front end write."""
        loop = asyncio.get_running_loop()
        SinkTransport(loop, self.make_peer(), lambda data: None).start()


class ChardevNull(Discarding):
    """Nothing."""

    __slots__ = ()

    qom_name = "chardev-null"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()
