"""Devices and helpers of the host that a guest would use: they are opened, checked and held."""

from __future__ import annotations

import fcntl
import os
import socket
from typing import TYPE_CHECKING, Any, ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects.files import reason
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.object import Object, Property
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType

_EVIOCGVERSION: Final = 0x80044501
_CONNECT_S: Final = 1.0


class InputLinux(ConfigurableObject):
    """An input device."""

    __slots__ = ("_fd",)

    qom_name = "input-linux"
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {
        "evdev": Setting(),
        "grab_all": Setting(False),
        "repeat": Setting(False),
        "grab-toggle": Setting("ctrl-ctrl"),
    }

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self._fd = -1

    def store(self, name: str, value: Any) -> None:
        """Set a property; the device stays once it is there."""
        if name == "evdev" and self._fd >= 0:
            raise errors.evdev_fixed()
        super().store(name, value)

    def complete(self) -> None:
        """Open the device."""
        path = self.load("evdev")
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, ValueError) as error:
            raise errors.file_not_opened(path, reason(error)) from None
        try:
            fcntl.ioctl(fd, _EVIOCGVERSION, bytes(4))
        except OSError:
            os.close(fd)
            raise errors.not_an_evdev(path) from None
        self._fd = fd

    def finalize(self) -> None:
        """Close the device."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class IOMMUFD(ConfigurableObject):
    """A handle of the IOMMU, which nothing uses."""

    __slots__ = ()

    qom_name = "iommufd"
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {"fd": Setting(secret=True)}

    def store(self, name: str, value: Any) -> None:
        """Refuse descriptors: no monitor hands one over to an object."""
        raise errors.iommu_descriptor(value)


class PrManager(Object):
    """What reserves disks."""

    __slots__ = ()

    qom_name = "pr-manager"
    abstract = True
    interfaces = (USER_CREATABLE,)
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class PrManagerHelper(ConfigurableObject, PrManager):
    """A process that does it; it is connected to, and not asked for anything."""

    __slots__ = ("_socket",)

    qom_name = "pr-manager-helper"

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self._socket: socket.socket | None = None

    def store(self, name: str, value: Any) -> None:
        """Set a property, before the process is connected to."""
        if self._socket is not None:
            raise errors.pr_manager_fixed(name)
        super().store(name, value)

    def complete(self) -> None:
        """Connect to the process."""
        path = self.load("path")
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(_CONNECT_S)
        try:
            made.connect(path)
        except (OSError, ValueError) as error:
            made.close()
            raise errors.connect_failed(path, reason(error)) from None
        self._socket = made

    def finalize(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
