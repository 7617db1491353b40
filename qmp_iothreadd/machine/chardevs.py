"""Character devices as objects of the tree: where monitors read and write.

They are made from the command line, not by object-add. They only describe what the server does;
``disconnect`` is the callback by which commands reach it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from qmp_iothreadd.qom.object import Object, ObjectType, Property


class Chardev(Object):
    """Where the bytes of a monitor come from. Its name is its label."""

    __slots__ = ("address", "connections", "disconnect", "server")

    qom_name = "chardev"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.address: dict[str, Any] = {}
        self.server = False
        self.connections = 0
        self.disconnect: Callable[[], None] = lambda: None

    @property
    def filename(self) -> str:
        """What query-chardev calls it."""
        return self.type.name.removeprefix("chardev-")

    def info(self) -> dict[str, Any]:
        """The members of a ChardevInfo."""
        return {"label": self.name, "filename": self.filename, "frontend-open": True}


class ChardevSocket(Chardev):
    """A Unix or TCP socket, listening or connected."""

    __slots__ = ()

    qom_name = "chardev-socket"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("connected", "bool", lambda chardev: chardev.connections > 0),
        Property("addr", "SocketAddress", lambda chardev: chardev.address),
    )

    @property
    def filename(self) -> str:
        """The address as chardev/char-socket.c writes it, with ``disconnected:`` if it is."""
        address, kind = self.address, self.address.get("type")
        if kind == "unix":
            text = f"unix:{address['path']}"
        elif kind == "inet":
            text = f"tcp:{address['host']}:{address['port']}"
        else:
            text = f"fd:{address.get('str', '')}"
        if self.server:
            text += ",server=on"
        return text if self.connections else f"disconnected:{text}"


class ChardevFd(Chardev):
    """What is read and written by file descriptor."""

    __slots__ = ()

    qom_name = "chardev-fd"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class ChardevStdio(ChardevFd):
    """Standard input and output."""

    __slots__ = ()

    qom_name = "chardev-stdio"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class ChardevNull(Chardev):
    """Nothing ever comes, and what goes there is gone."""

    __slots__ = ()

    qom_name = "chardev-null"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()


CHARDEV_TYPES = (ChardevSocket, ChardevStdio, ChardevNull)
