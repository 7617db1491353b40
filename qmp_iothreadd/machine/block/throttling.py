"""Limits of disks: those of a group, which all disks in it share (QEMU's block/throttle-groups).

A group is there while a disk is in it; one of the name of a throttle-group object is that object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd.machine.objects import throttle
from qmp_iothreadd.machine.objects.throttle import Limited, LimitGroup, ThrottleGroup

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

_SIDES: Final = {"total": "", "read": "_rd", "write": "_wr"}

MEMBERS: Final[dict[str, str]] = {
    f"{what}-{side}{suffix}": f"{what}{short}{suffix.replace('-', '_')}"
    for what in ("bps", "iops")
    for suffix in ("", "-max", "-max-length")
    for side, short in _SIDES.items()
} | {"iops-size": "iops_size"}
"""The limits of a throttle group, and what BlockIOThrottle and BlockDeviceInfo call them."""


class LimitGroups:
    """The groups of a machine that are not objects, by name."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._groups: dict[str, LimitGroup] = {}

    def join(self, name: str, member: Limited) -> LimitGroup:
        """Let a disk into a group, which is made where there is none."""
        found = self._machine.find_object(name)
        if isinstance(found, ThrottleGroup):
            group = found.group
        else:
            group = self._groups.setdefault(name, LimitGroup(name))
        group.members.append(member)
        return group

    def leave(self, group: LimitGroup, member: Limited) -> None:
        """Let a disk out of its group; the last one ends it, unless it is an object's."""
        group.members.remove(member)
        if not group.members and self._groups.get(group.name) is group:
            del self._groups[group.name]

    def close(self) -> None:
        """Forget the groups."""
        self._groups.clear()


def read(given: Mapping[str, Any]) -> dict[str, int]:
    """The limits that a BlockIOThrottle asks for.

    Raises:
        QmpError: no disk can keep them.
    """
    limits = throttle.unlimited()
    limits |= {name: given[member] for name, member in MEMBERS.items() if member in given}
    throttle.check(limits)
    return limits


def shown(group: LimitGroup) -> dict[str, Any]:
    """The members of a BlockDeviceInfo; those of a burst only where there is one."""
    limits = group.limits
    found: dict[str, Any] = {"group": group.name}
    for name, member in MEMBERS.items():
        if name.endswith("-max-length"):
            if limits[name.removesuffix("-length")]:
                found[member] = limits[name]
        elif limits[name] or not (name.endswith("-max") or name == "iops-size"):
            found[member] = limits[name]
    return found


def are_set(limits: Mapping[str, int]) -> bool:
    """Whether anything is limited."""
    return any(limits[name] for name in MEMBERS if name.endswith(("-total", "-read", "-write")))
