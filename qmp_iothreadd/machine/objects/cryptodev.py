"""Back ends of crypto devices. There are no devices, so they have nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects.chardev_user import take_chardev
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType


class CryptodevBackend(ConfigurableObject):
    """What all back ends have; an object can also be just this."""

    __slots__ = ()

    qom_name = "cryptodev-backend"
    struct = "CryptodevBackendProperties"
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {"queues": Setting(1)}

    def store(self, name: str, value: Any) -> None:
        """Set a property."""
        if name == "queues" and value == 0:
            raise errors.property_not_zero(self.type.name, name)
        super().store(name, value)


class CryptodevBackendBuiltin(CryptodevBackend):
    """In software."""

    __slots__ = ()

    qom_name = "cryptodev-backend-builtin"

    def complete(self) -> None:
        """Refuse more than one queue."""
        if self.load("queues") != 1:
            raise errors.cryptodev_one_queue()


class CryptodevBackendLkcf(CryptodevBackend):
    """In the host's kernel."""

    __slots__ = ()

    qom_name = "cryptodev-backend-lkcf"


class CryptodevVhostUser(CryptodevBackend):
    """In another process."""

    __slots__ = ("_detach",)

    qom_name = "cryptodev-vhost-user"

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self._detach: Callable[[], None] = lambda: None

    def complete(self) -> None:
        """Take the character device."""
        self._detach = take_chardev(self, self.load("chardev"))

    def finalize(self) -> None:
        """Let the character device go."""
        self._detach()
