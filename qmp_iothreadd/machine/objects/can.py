"""CAN buses, and their connections to the host's."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects.files import reason
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.links import resolve_link
from qmp_iothreadd.qom.object import Object, Property
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType

_NAME_MAX = 15  # the kernel's IFNAMSIZ, without the NUL


class CanBus(Object):
    """A bus, which stays as long as the machine."""

    __slots__ = ()

    qom_name = "can-bus"
    interfaces = (USER_CREATABLE,)
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def check_deletable(self) -> None:
        """Refuse, as QEMU does for this type."""
        raise errors.object_in_use(self.name)


class CanHostSocketcan(ConfigurableObject):
    """A socket of the host, which is open and not read: nobody is on the bus."""

    __slots__ = ("_socket",)

    qom_name = "can-host-socketcan"
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {
        "if": Setting(),
        "canbus": Setting(type="link<can-bus>"),
    }

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self._socket: socket.socket | None = None

    def store(self, name: str, value: Any) -> None:
        """Set a property, if it can be."""
        if name == "if" and len(value.encode("utf-8", "surrogateescape")) > _NAME_MAX:
            raise errors.can_interface_too_long(_NAME_MAX)
        super().store(name, value)

    def complete(self) -> None:
        """Open the socket."""
        self.values["canbus"] = resolve_link(self, "canbus", self.load("canbus"), "can-bus")
        interface = self.load("if")
        try:
            made = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
        except OSError as error:
            raise errors.can_socket_failed(reason(error)) from None
        try:
            made.bind((interface,))
        except (OSError, ValueError) as error:
            made.close()
            raise errors.can_interface_unavailable(interface, reason(error)) from None
        self._socket = made

    def finalize(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
