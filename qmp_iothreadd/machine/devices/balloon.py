"""The balloon: what a guest gives memory back through, and takes it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.virtio import VirtioDevice
from qmp_iothreadd.machine.devices.walk import devices_below
from qmp_iothreadd.machine.guest import Guest

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qom.object import ObjectType

_PAGE: Final = 4096
_INTERVAL_MAX_S: Final = 2**32 - 1
_NOT_SAID: Final = 2**64 - 1
_STATISTICS: Final = (
    *("swap-in", "swap-out", "major-faults", "minor-faults", "free-memory", "total-memory"),
    *("available-memory", "disk-caches", "htlb-pgalloc", "htlb-pgfail", "oom-kills"),
    *("alloc-stalls", "async-scans", "direct-scans", "async-reclaims", "direct-reclaims"),
)


class Balloon(VirtioDevice):
    """The balloon. ``actual`` is how much memory the guest has, in bytes.

    The guest says nothing of how it uses that.
    """

    __slots__ = ("_target", "actual")

    qom_name = "virtio-balloon-device"

    def __init__(self, type: ObjectType, machine: Machine, model: DeviceModel) -> None:
        super().__init__(type, machine, model)
        self.actual = self._target = self._memory()

    def realize(self) -> None:
        """Check that it is the only one.

        Raises:
            QmpError: it is not.
        """
        others = devices_below(self.machine)
        if any(each is not self and isinstance(each, Balloon) for each in others):
            raise errors.second_balloon()

    def resize(self, target: int) -> None:
        """Ask the guest to make do with ``target`` bytes, or to take as many.

        Raises:
            QmpError: that is none.
        """
        if target <= 0:
            raise errors.invalid_parameter_value("target", "a size")
        memory = self._memory()
        pages = (memory - min(target, memory)) // _PAGE
        self._target = memory - pages * _PAGE
        self.machine.part(Guest).ask(self, self._follow)

    def load(self, name: str) -> Any:
        """The value in force of a property."""
        if name == "guest-stats":
            stats = {f"stat-{each}": _NOT_SAID for each in _STATISTICS}
            return {"stats": stats, "last-update": 0}
        return super().load(name)

    def apply(self, name: str, value: Any) -> Any:
        """Check a value that is about to be set.

        Raises:
            QmpError: it is no time, or cannot be set.
        """
        if name == "guest-stats":
            raise errors.property_not_writable(self.qom_name, name)
        if name == "guest-stats-polling-interval" and value < 0:
            raise errors.negative_interval()
        if name == "guest-stats-polling-interval" and value > _INTERVAL_MAX_S:
            raise errors.interval_too_long()
        return super().apply(name, value)

    def _memory(self) -> int:
        size: int = self.machine.board.get_property("memory")["size"]
        return size

    def _follow(self) -> None:
        if self.realized and self.actual != self._target:
            self.actual = self._target
            self.machine.emit("BALLOON_CHANGE", {"actual": self.actual})


def find_balloon(machine: Machine) -> Balloon:
    """The machine's balloon.

    Raises:
        QmpError: DeviceNotActive, where there is none.
    """
    for device in devices_below(machine):
        if isinstance(device, Balloon):
            return device
    raise errors.no_balloon()
