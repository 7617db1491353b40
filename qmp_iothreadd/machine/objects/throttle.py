"""Limits that disks share, as an object.

The checks are those of QEMU's util/throttle and block/throttle-groups, in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from qmp_iothreadd import errors
from qmp_iothreadd.qom.configurable import ConfigurableObject, Setting
from qmp_iothreadd.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import ObjectType

VALUE_MAX: Final = 10**15
BURST_LENGTH_MAX: Final = 2**32 - 1

_BUCKETS: Final = tuple(
    f"{what}-{which}" for what in ("iops", "bps") for which in ("total", "read", "write")
)
_SIZE = "iops-size"
_LENGTH = "-max-length"
# In the order in which QEMU visits them.
LIMITS: Final = (
    *(f"{bucket}{suffix}" for bucket in _BUCKETS for suffix in ("", "-max", _LENGTH)),
    _SIZE,
)


class Limited(Protocol):
    """A disk in a group."""

    def limits_changed(self) -> None:
        """The group has other limits."""


class LimitGroup:
    """A group's limits by the names of ThrottleLimits, and who keeps to them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.limits = unlimited()
        self.members: list[Limited] = []
        self.buckets: Any = None  # the engine's, which the members' queues share, once there is one

    def set(self, limits: Mapping[str, int]) -> None:
        """Change the limits, which were checked, for all members."""
        self.limits = dict(limits)
        for each in self.members:
            each.limits_changed()


def unlimited() -> dict[str, int]:
    """The limits of a group to which none was given."""
    return {name: int(name.endswith(_LENGTH)) for name in LIMITS}


class ThrottleGroup(ConfigurableObject):
    """A group's limits: all at once as ``limits``, one by one as ``x-…`` until it is complete."""

    __slots__ = ("completed", "group")

    qom_name = "throttle-group"
    interfaces = (USER_CREATABLE,)
    settings: ClassVar[dict[str, Setting]] = {
        **{f"x-{name}": Setting(type="int", listed=True) for name in LIMITS},
        "limits": Setting(),
    }

    def __init__(self, type: ObjectType) -> None:
        super().__init__(type)
        self.completed = False
        self.group = LimitGroup("")

    def load(self, name: str) -> Any:
        """The limits, or one of them."""
        limits = self.group.limits
        return dict(limits) if name == "limits" else limits[name.removeprefix("x-")]

    def store(self, name: str, value: Any) -> None:
        """Change limits; before the group is complete they are not checked against each other."""
        if name == "limits":
            self._store_all(value)
            return
        if self.completed:
            raise errors.throttle_fixed()
        if value < 0:
            raise errors.throttle_negative()
        if name.endswith(_LENGTH) and value > BURST_LENGTH_MAX:
            raise errors.throttle_burst_range(name, BURST_LENGTH_MAX, own_property=True)
        self.group.limits[name.removeprefix("x-")] = value

    def complete(self) -> None:
        """Check the limits."""
        check(self.group.limits)
        self.group.name = self.name
        self.completed = True

    def check_deletable(self) -> None:
        """Refuse while a disk is in the group."""
        if self.group.members:
            raise errors.object_in_use(self.name)

    def _store_all(self, given: Mapping[str, int]) -> None:
        for name, value in given.items():
            if name.endswith(_LENGTH) and not 0 <= value <= BURST_LENGTH_MAX:
                raise errors.throttle_burst_range(name, BURST_LENGTH_MAX, own_property=False)
        limits = {**self.group.limits, **given}
        if self.completed:
            check(limits)
        self.group.set(limits)


def check(limits: Mapping[str, int]) -> None:
    """Refuse limits that no disk can keep.

    Raises:
        QmpError: the first misfit in QEMU's order.
    """
    for what in ("bps", "iops"):
        for suffix in ("", "-max"):
            parts = limits[f"{what}-read{suffix}"] or limits[f"{what}-write{suffix}"]
            if limits[f"{what}-total{suffix}"] and parts:
                raise errors.throttle_total_and_parts()
    if limits[_SIZE] and not any(limits[name] for name in _BUCKETS if name.startswith("iops")):
        raise errors.throttle_size_alone()
    for name in _BUCKETS:
        _check_bucket(limits[name], limits[f"{name}-max"], limits[f"{name}{_LENGTH}"])


def _check_bucket(average: int, maximum: int, length: int) -> None:
    if not (0 <= average <= VALUE_MAX and 0 <= maximum <= VALUE_MAX):
        raise errors.throttle_out_of_range(VALUE_MAX)
    if not length:
        raise errors.throttle_no_burst_length()
    if length > 1 and not maximum:
        raise errors.throttle_burst_without_rate()
    if maximum and length > VALUE_MAX // maximum:
        raise errors.throttle_burst_too_long()
    if maximum and not average:
        raise errors.throttle_max_alone()
    if maximum and maximum < average:
        raise errors.throttle_max_too_low()
