"""Sources of random numbers: what a guest would draw from. They are opened and held."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects.chardev_user import take_chardev
from qmp_iothreadd.machine.objects.files import reason
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType


class Rng(ConfigurableObject):
    """A source; it can be changed until it is open."""

    __slots__ = ("opened",)

    qom_name = "rng-backend"
    struct = "RngProperties"
    abstract = True
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {"opened": Setting(fixed=True)}

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.opened = False

    def load(self, name: str) -> Any:
        """The value in force of a property."""
        return self.opened if name == "opened" else super().load(name)

    def store(self, name: str, value: Any) -> None:
        """Set a property; refuse where the source is open."""
        if self.opened:
            raise errors.property_set_too_late(name)
        super().store(name, value)

    def complete(self) -> None:
        """Open the source."""
        self.open()
        self.opened = True

    def open(self) -> None:
        """Acquire what the source needs."""


class RngBuiltin(Rng):
    """The process's own source."""

    __slots__ = ()

    qom_name = "rng-builtin"


class RngRandom(Rng):
    """A device of the host."""

    __slots__ = ("fd",)

    qom_name = "rng-random"
    settings: ClassVar[dict[str, Setting]] = Rng.settings | {"filename": Setting("/dev/urandom")}

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.fd = -1

    def open(self) -> None:
        """Open the device."""
        path = self.load("filename")
        try:
            self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise errors.file_not_opened(path, reason(error)) from None

    def finalize(self) -> None:
        """Close the device."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class RngEgd(Rng):
    """A daemon at the other end of a character device."""

    __slots__ = ("_detach",)

    qom_name = "rng-egd"
    settings: ClassVar[dict[str, Setting]] = Rng.settings

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self._detach: Callable[[], None] = lambda: None

    def open(self) -> None:
        """Take the character device."""
        self._detach = take_chardev(self, self.load("chardev"))

    def finalize(self) -> None:
        """Let the character device go."""
        self._detach()
